/* Grants. Table GRANT; what was drawn on them stands in YEAR (year.h). CUSTODY-2. */
#include "plugin/custody/grant.h"

#define DIVISION_OF_PROVINCE 10000 /* GB/T 2260: two digits of six */

/* 0: not known. */
static uint32_t province(struct ld_custody *c, const char *party)
{
	size_t mark = ld_mark(c);
	uint32_t p = 0;
	Custody__Party *rec;

	if (ld_party_get(c, party, &rec) == LD_OK)
		p = rec->registered->division / DIVISION_OF_PROVINCE;
	ld_release(c, mark);
	return p;
}

bool ld_grant_needed(struct ld_custody *c, const Liandan__ManifestCreated *b)
{
	uint32_t from, to;

	if (c->rules->cross_province == 0 || b->receiver == NULL)
		return false;
	from = province(c, b->generator);
	to = province(c, b->receiver->party);
	return from != 0 && to != 0 && from != to;
}

enum ld_err ld_transfer_approved_apply(struct ld_custody *c, const struct ld_fact *f,
				       Liandan__TransferApproved *a)
{
	Custody__Grant rec = CUSTODY__GRANT__INIT;

	rec.approval = a->approval;
	rec.approved = a;
	rec.index = f->index;
	return ld_grant_put(c, &rec);
}

enum ld_err ld_transfer_denied_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__TransferDenied *d)
{
	Custody__Grant fresh = CUSTODY__GRANT__INIT;
	Custody__Grant *rec = &fresh;
	enum ld_err err = ld_grant_get(c, d->approval, &rec);

	if (err == LD_ERR_NOT_FOUND) {
		rec = &fresh;
		rec->approval = d->approval;
	} else if (err != LD_OK) {
		return err;
	}
	rec->denied_ms = f->recorded_at_ms;
	rec->reason = d->reason;
	rec->index = f->index;
	return ld_grant_put(c, rec);
}
