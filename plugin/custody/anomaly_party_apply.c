/* Whom an anomaly concerns, and which vehicle: read from state when it is raised, kept with it. */
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/apply.h"
#include "plugin/custody/number.h"
#include "proto/base64.h"

#define VEHICLE LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE
#define NOBODY ((char *)(uintptr_t) "")

/* Who signed last, as the state tells. */
static char *actor(const Custody__Manifest *m)
{
	switch (m->state) {
	case CUSTODY__MANIFEST_STATE__IN_TRANSIT:
	case CUSTODY__MANIFEST_STATE__ARRIVED:
		return m->carrier;
	case CUSTODY__MANIFEST_STATE__DRAFT:
	case CUSTODY__MANIFEST_STATE__SEALED:
	case CUSTODY__MANIFEST_STATE__CANCELLED:
	case CUSTODY__MANIFEST_STATE__EXPIRED:
		return m->created->generator;
	default:
		return m->created->receiver != NULL ? m->created->receiver->party : NOBODY;
	}
}

static char *party_of(const Custody__Manifest *m, enum ld_concerned who)
{
	if (m->created == NULL)
		return NOBODY;
	switch (who) {
	case LD_CONCERNS_GENERATOR:
		return m->created->generator;
	case LD_CONCERNS_RECEIVER:
		return m->created->receiver != NULL ? m->created->receiver->party : NOBODY;
	case LD_CONCERNS_CARRIER: /* nobody has taken it yet: the generator lets it lie */
		return m->carrier[0] != '\0' ? m->carrier : m->created->generator;
	case LD_CONCERNS_ACTOR:
	case LD_CONCERNS_SUBJECT:
	default:
		return actor(m);
	}
}

/* Of several vehicles that have had it on its way, each is its own carrier's. */
static char *carrier_on(const Custody__Manifest *m, const char *plate, char *otherwise)
{
	if (strcmp(m->plate, plate) == 0)
		return otherwise;
	for (size_t i = m->n_carried; i-- > 0;)
		if (strcmp(m->carried[i]->plate, plate) == 0)
			return m->carried[i]->carrier;
	return otherwise;
}

static enum ld_err of_manifest(struct ld_custody *c, Custody__Anomaly *rec)
{
	const char *hex = rec->now->manifest[0] != '\0' ? rec->now->manifest : rec->now->subject;
	uint8_t raw[LD_UUID_BYTES];
	ProtobufCBinaryData id = {.len = sizeof raw, .data = raw};
	Custody__Manifest *m;

	if (ld_hex_decode(hex, strlen(hex), raw, sizeof raw) != LD_OK)
		return LD_OK;
	enum ld_err err = ld_manifest_get(c, id, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	const enum ld_concerned who = ld_anomaly_row(rec->now->kind, rec->now->reason)->party;

	rec->party = party_of(m, who);
	rec->plate = m->plate;
	if (who == LD_CONCERNS_CARRIER && rec->now->subject_kind == VEHICLE)
		rec->party = carrier_on(m, rec->now->subject, rec->party);
	return LD_OK;
}

static enum ld_err of_key(struct ld_custody *c, Custody__Anomaly *rec)
{
	uint8_t id[LD_KEY_ID_BYTES];
	Custody__Key *key;

	if (ld_hex_decode(rec->now->subject, strlen(rec->now->subject), id, sizeof id) != LD_OK)
		return LD_OK;
	enum ld_err err = ld_key_rec_get(c, id, &key);

	if (err == LD_OK)
		rec->party = key->party;
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* D4: whoever the block was allocated to. */
static enum ld_err of_series(struct ld_custody *c, Custody__Anomaly *rec)
{
	const uint64_t last = ld_number_series_last(c, rec->now->subject);
	Custody__NumberBlock *block;
	enum ld_err err = ld_number_block_of(c, last, &block);

	if (err == LD_OK && block->allocated != NULL)
		rec->party = block->allocated->party;
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

/* Whose the subject is, where it is not a manifest. */
static enum ld_err of_subject(struct ld_custody *c, Custody__Anomaly *rec)
{
	char *subject = rec->now->subject;
	Custody__Vehicle *v;
	Custody__Site *s;
	Custody__Instrument *ins;
	Custody__Licence *l;
	Custody__Container *box;
	enum ld_err err = LD_OK;

	switch ((int)rec->now->subject_kind) {
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY:
		rec->party = subject;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE:
		if ((err = ld_vehicle_get(c, subject, &v)) == LD_OK)
			rec->party = v->registered->party;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_BATCH:
		subject = rec->now->site; /* whose site it was filled at */
					  /* fall through */
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE:
		if ((err = ld_site_get(c, subject, &s)) == LD_OK)
			rec->party = s->registered->party;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_INSTRUMENT:
		if ((err = ld_instrument_get(c, subject, &ins)) == LD_OK)
			rec->party = ins->registered->party;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_LICENCE:
		if ((err = ld_licence_get(c, subject, &l)) == LD_OK)
			rec->party = l->granted->party;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER:
		if ((err = ld_container_get(c, subject, &box)) == LD_OK)
			rec->party = box->party;
		break;
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_KEY:
		return of_key(c, rec);
	case LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SERIES:
		return of_series(c, rec);
	default:
		break;
	}
	return err == LD_ERR_NOT_FOUND ? LD_OK : err;
}

enum ld_err ld_anomaly_concerns(struct ld_custody *c, Custody__Anomaly *rec)
{
	const int kind = (int)rec->now->subject_kind;
	const bool vehicle = kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE;
	enum ld_err err = LD_OK;

	if (rec->now->manifest[0] != '\0' || kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST)
		err = of_manifest(c, rec);
	if (vehicle)
		rec->plate = rec->now->subject;
	/* a vehicle's own silence is the carrier's that has the manifest; of the rest the subject
	 * tells better */
	if (err == LD_OK && (!vehicle || rec->party[0] == '\0'))
		err = of_subject(c, rec);
	return err;
}
