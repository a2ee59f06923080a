#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/manifest.h"
#include "proto/base64.h"

/* A travel time that nobody may ask for: beyond it the driver's word is not taken. */
#define ETA_MAX_MS (7 * LD_DAY_MS)

const Liandan__Line *ld_manifest_line(const Custody__Manifest *m, uint32_t line)
{
	if (m->created == NULL)
		return NULL;
	for (size_t i = 0; i < m->created->n_lines; i++)
		if (m->created->lines[i]->line == line)
			return m->created->lines[i];
	return NULL;
}

int64_t ld_add_g(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}

int64_t ld_sub_g(int64_t a, int64_t b)
{
	int64_t difference;

	if (!__builtin_sub_overflow(a, b, &difference))
		return difference;
	return b < 0 ? INT64_MAX : INT64_MIN;
}

int64_t ld_line_declared_g(const Liandan__Line *line)
{
	return line != NULL && line->quantity != NULL ? line->quantity->mass_g : 0;
}

int64_t ld_manifest_declared_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; m->created != NULL && i < m->created->n_lines; i++)
		sum = ld_add_g(sum, ld_line_declared_g(m->created->lines[i]));
	return sum;
}

int64_t ld_manifest_accepted_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_accepted; i++)
		if (ld_manifest_line(m, m->accepted[i]->line) != NULL)
			sum = ld_add_g(sum, m->accepted[i]->mass_g);
	return sum;
}

int64_t ld_line_accepted_g(const Custody__Manifest *m, uint32_t line)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_accepted; i++)
		if (m->accepted[i]->line == line)
			sum = ld_add_g(sum, m->accepted[i]->mass_g);
	return sum;
}

int64_t ld_line_passed_g(const Custody__Manifest *m, uint32_t line)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_passed; i++)
		if (m->passed[i]->line == line)
			sum = ld_add_g(sum, m->passed[i]->mass_g);
	return sum;
}

int64_t ld_line_kept_g(const Custody__Manifest *m, const Liandan__Line *line)
{
	return ld_sub_g(ld_line_declared_g(line), ld_line_passed_g(m, line->line));
}

int64_t ld_items_of_line_g(Liandan__Item *const *items, size_t n, uint32_t line)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (items[i]->line == line)
			sum = ld_add_g(sum, items[i]->mass_g);
	return sum;
}

uint32_t ld_item_pieces(const Liandan__Item *item)
{
	return item->count == 0 && item->container[0] != '\0' ? 1 : item->count;
}

uint32_t ld_line_pieces(const Custody__Manifest *m, const Liandan__Line *line)
{
	uint32_t n = 0;

	if (line->count == 0 || m->n_passed == 0)
		return line->count;
	for (size_t i = 0; i < m->n_items; i++)
		if (m->items[i]->line == line->line)
			n += ld_item_pieces(m->items[i]);
	return n;
}

bool ld_back_on_truck(const struct ld_fact *f, const Custody__Manifest *m, Liandan__WasteIsOn said)
{
	const uint32_t roles = LIANDAN__ROLE__ROLE_DRIVER | LIANDAN__ROLE__ROLE_CARRIER;

	if (said != LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK)
		return false;
	for (size_t i = 0; i < f->n_cosigners; i++)
		if ((f->cosigners[i]->roles & roles) != 0 &&
		    strcmp(f->cosigners[i]->party, m->carrier) == 0)
			return true;
	return m->state != CUSTODY__MANIFEST_STATE__VERIFYING;
}

#define ACCEPTANCE(b)                                                                              \
	(struct ld_acceptance)                                                                     \
	{                                                                                          \
		(b)->manifest, (b)->content, (b)->lines, (b)->n_lines, (b)->tickets,               \
		    (b)->n_tickets, (b)->discrepancy, (b)->significant                             \
	}
struct ld_acceptance ld_acceptance_of(const Liandan__Event *e)
{
	if (e->body_case == LIANDAN__EVENT__BODY_ACCEPTED)
		return ACCEPTANCE(e->accepted);
	if (e->body_case == LIANDAN__EVENT__BODY_PARTLY_ACCEPTED)
		return ACCEPTANCE(e->partly_accepted);
	return (struct ld_acceptance){.n_lines = 0};
}

int64_t ld_event_accepts_g(const Liandan__Event *e, uint32_t line)
{
	const struct ld_acceptance a = ld_acceptance_of(e);
	int64_t sum = 0;

	if (e->body_case == LIANDAN__EVENT__BODY_PIPELINE_DAY &&
	    (line == 0 || e->pipeline_day->line == line))
		return e->pipeline_day->mass_in_g;
	for (size_t i = 0; i < a.n_lines; i++)
		if (line == 0 || a.lines[i]->line == line)
			sum = ld_add_g(sum, a.lines[i]->mass_g);
	return sum;
}

bool ld_may_arrive(const Custody__Manifest *m)
{
	if (m->state == CUSTODY__MANIFEST_STATE__ARRIVED)
		return strcmp(m->arrived_site, m->created->receiver->site) != 0;
	return m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT;
}

bool ld_offer_live(const Custody__Manifest *m, int64_t at_ms)
{
	return m->offer != NULL && !m->offer->closed && m->offer->expires_ms > at_ms;
}

bool ld_offer_is(const Custody__Manifest *m, ProtobufCBinaryData event_hash)
{
	return m->offer != NULL && event_hash.len == LD_HASH_BYTES &&
	       m->offer->event_hash.len == LD_HASH_BYTES &&
	       memcmp(m->offer->event_hash.data, event_hash.data, LD_HASH_BYTES) == 0;
}

const char *ld_person_of(struct ld_custody *c, const Custody__Key *key)
{
	char *hex;

	if (key->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON && key->subject_id[0] != '\0')
		return key->subject_id;
	hex = ld_c_hex(c, key->key_id);
	return hex != NULL ? hex : "";
}

bool ld_is_stored(const Custody__Manifest *m)
{
	return (m->flags & CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE) != 0;
}

uint32_t ld_giver_role(const Custody__Manifest *m)
{
	if (m->leg == 0 && m->giver[0] != '\0')
		return LIANDAN__ROLE__ROLE_RECEIVER | LIANDAN__ROLE__ROLE_GENERATOR;
	if (m->leg == 0)
		return LIANDAN__ROLE__ROLE_GENERATOR;
	if (ld_is_stored(m))
		return LIANDAN__ROLE__ROLE_RECEIVER;
	return LIANDAN__ROLE__ROLE_DRIVER | LIANDAN__ROLE__ROLE_CARRIER;
}

const char *ld_giver_party(const Custody__Manifest *m)
{
	return m->leg == 0 && m->giver[0] == '\0' ? m->created->generator : m->holder;
}

const Custody__Key *ld_giver_of(const struct ld_fact *f, const Custody__Manifest *m)
{
	const char *party = ld_giver_party(m);
	const uint32_t roles = ld_giver_role(m);

	for (size_t i = 0; i < f->n_cosigners; i++)
		if ((f->cosigners[i]->roles & roles) != 0 &&
		    strcmp(f->cosigners[i]->party, party) == 0)
			return f->cosigners[i];
	return NULL;
}

int64_t ld_step_ms(const struct ld_fact *f, int64_t earliest_ms)
{
	int64_t at = f->event->occurred_at_ms;

	return at < earliest_ms || at > f->recorded_at_ms ? f->recorded_at_ms : at;
}

int64_t ld_expected_ms(const struct ld_rules *rules, const Custody__Manifest *m, int64_t taken_ms,
		       int64_t said_ms)
{
	int64_t planned = m->created->arrival_ms;
	bool plan = planned > taken_ms && planned - taken_ms <= ETA_MAX_MS;
	/* a declaration never excuses: up to twice what was planned */
	int64_t most = plan ? 2 * (planned - taken_ms) : ETA_MAX_MS;

	if (said_ms > taken_ms && said_ms - taken_ms <= most)
		return said_ms;
	if (plan)
		return planned;
	return taken_ms + rules->arrival_default_ms;
}

int64_t ld_overdue_ms(const struct ld_rules *rules, int64_t taken_ms, int64_t eta_ms)
{
	int64_t grace = (eta_ms - taken_ms) / 100 * rules->arrival_grace_pct;

	return eta_ms + (grace > rules->arrival_grace_ms ? grace : rules->arrival_grace_ms);
}

/* floor(accepted * upto / total): cumulative, so that neighbouring shares add up to the whole */
static int64_t share_upto(int64_t upto, int64_t total, int64_t accepted)
{
	return (int64_t)((__int128)accepted * upto / total);
}

int64_t ld_share_g(int64_t before, int64_t mass, int64_t total, int64_t accepted)
{
	if (total <= 0 || before < 0 || mass < 0 || before > total || mass > total - before)
		return 0;
	return share_upto(before + mass, total, accepted) - share_upto(before, total, accepted);
}

void ld_offer_key(struct ld_tkey *k, const char *carrier, ProtobufCBinaryData manifest)
{
	ld_tkey_init(k);
	ld_tkey_str(k, carrier);
	ld_tkey_bytes(k, manifest.data, manifest.len);
}

void ld_load_key(struct ld_tkey *k, const char *plate, ProtobufCBinaryData manifest)
{
	ld_offer_key(k, plate, manifest);
}

enum ld_err ld_manifest_touch_put(struct ld_custody *c, const struct ld_fact *f,
				  Custody__Manifest *m)
{
	ProtobufCBinaryData last = {.len = LD_HASH_BYTES,
				    .data = (uint8_t *)(uintptr_t)f->event_hash};
	size_t mark;
	enum ld_err err = ld_amend_note_signed(c, f, m);

	if (err != LD_OK)
		return err;
	m->updated_index = f->index;
	m->updated_ms = f->recorded_at_ms;
	m->n_after_hashes = 1;
	m->after_hashes = &last;
	mark = ld_mark(c);
	err = ld_manifest_put(c, m);
	ld_release(c, mark);
	m->n_after_hashes = 0;
	m->after_hashes = NULL;
	return err;
}

enum ld_err ld_manifest_count(struct ld_custody *c, const Custody__Manifest *m, int drafts,
			      int open)
{
	Custody__Party *p;
	enum ld_err err = ld_party_get(c, m->created->generator, &p);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (drafts > 0)
		p->drafts++;
	else if (drafts < 0 && p->drafts != 0)
		p->drafts--;
	if (open > 0)
		p->open_manifests++;
	else if (open < 0 && p->open_manifests != 0)
		p->open_manifests--;
	return ld_party_put(c, p);
}

enum ld_err ld_offer_close(struct ld_custody *c, Custody__Manifest *m)
{
	struct ld_tkey k;
	enum ld_err err;

	if (m->offer == NULL || m->offer->closed)
		return LD_OK;
	m->offer->closed = true;
	ld_offer_key(&k, m->offer->to_party, m->manifest);
	err = ld_state_del(c->state, LD_T_PLATE_OFFER, k.b, k.len);
	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_OFFER, 0);
}

enum ld_err ld_manifest_clock(struct ld_custody *c, const Custody__Manifest *m,
			      Liandan__DeadlineClock clock, int64_t due_ms)
{
	char hex[2 * LD_UUID_BYTES + 1];

	if (m->manifest.len != LD_UUID_BYTES)
		return LD_OK;
	ld_hex_encode(m->manifest.data, m->manifest.len, hex);
	if (due_ms == 0)
		return ld_deadline_clear(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex,
					 clock);
	return ld_deadline_set(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, clock,
			       ld_rules_of(c, m)->version, due_ms);
}

enum ld_err ld_manifest_clock_workdays(struct ld_custody *c, const Custody__Manifest *m,
				       Liandan__DeadlineClock clock, int64_t from_ms, int64_t n)
{
	char hex[2 * LD_UUID_BYTES + 1];

	if (m->manifest.len != LD_UUID_BYTES)
		return LD_OK;
	ld_hex_encode(m->manifest.data, m->manifest.len, hex);
	return ld_deadline_set_workdays(c, LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, clock,
					ld_rules_of(c, m)->version, from_ms, n);
}

/* CUSTODY-2; 5C D7: a note where it waits for long, unless it ends before. */
enum ld_err ld_pickup_begin(struct ld_custody *c, const struct ld_fact *f,
			    const Custody__Manifest *m)
{
	const int64_t noted_ms = f->recorded_at_ms + ld_rules_of(c, m)->unpicked_ms;
	enum ld_err err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PICKUP,
					    m->pickup_due_ms);

	return err == LD_OK
		   ? ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_UNPICKED,
				       noted_ms < m->pickup_due_ms ? noted_ms : 0)
		   : err;
}

enum ld_err ld_pickup_end(struct ld_custody *c, const Custody__Manifest *m)
{
	enum ld_err err =
	    ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_PICKUP, 0);

	return err == LD_OK
		   ? ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_UNPICKED, 0)
		   : err;
}
