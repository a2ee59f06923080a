/* Who may amend what, on which version. An intention: refused where a check fails; the last party's
 * agreement is asked again what has changed since. CUSTODY-20. */
#include <inttypes.h>
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/anomaly.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/pipeline.h"
#include "plugin/custody/table.h"

#define FIELD(name) LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_##name
#define ALL_HAZARDS                                                                                \
	(LIANDAN__HAZARD__HAZARD_T | LIANDAN__HAZARD__HAZARD_C | LIANDAN__HAZARD__HAZARD_I |       \
	 LIANDAN__HAZARD__HAZARD_R | LIANDAN__HAZARD__HAZARD_IN)

static bool proposes(const struct ld_case *k)
{
	return k->f->event->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED;
}

/* What is asked about: the proposed changes; of an agreement those that take effect with it. */
static struct ld_amend_changes changes_of(const struct ld_case *k)
{
	const Liandan__AmendmentProposed *b = k->f->event->amendment_proposed;

	return proposes(k) ? (struct ld_amend_changes){b->changes, b->n_changes}
			   : ld_amend_effect_of(k->c, k->f, k->m);
}

/* ---- the proposal ---- */

bool ld_check_no_proposal(struct ld_case *k)
{
	return k->m->proposal == NULL ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS,
			 "the amendment of entry %" PRIu64 " is open", k->m->proposal->index);
}

bool ld_check_base_version(struct ld_case *k)
{
	const uint32_t base = k->f->event->amendment_proposed->base_version;
	const uint32_t now = k->m->content.len == 0 ? LD_DRAFT_VERSION : k->m->version;

	return base == now ||
	       ld_refuse(k->j, LIANDAN__REASON__VERSION_DIFFERS,
			 "version %" PRIu32 " stands, it changes %" PRIu32, now, base);
}

static bool typed(const Liandan__AmendmentChange *ch)
{
	const struct ld_amend_field *d = ld_amend_field(ch->field);

	if (d == NULL)
		return false;
	if (d->number)
		return ch->old_text[0] == '\0' && ch->new_text[0] == '\0' &&
		       ch->old_number != ch->new_number;
	return ch->old_number == 0 && ch->new_number == 0 &&
	       strcmp(ch->old_text, ch->new_text) != 0;
}

bool ld_check_changes_form(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++) {
		if (!typed(all.ch[i]))
			return ld_refuse(
			    k->j, LIANDAN__REASON__BAD_CONTENT,
			    "change %zu is not of its field's type, or changes nothing", i + 1);
		for (size_t at = 0; at < i; at++)
			if (all.ch[at]->field == all.ch[i]->field &&
			    all.ch[at]->line == all.ch[i]->line)
				return ld_refuse(k->j, LIANDAN__REASON__BAD_CONTENT,
						 "changes %zu and %zu are of one field", at + 1,
						 i + 1);
	}
	return true;
}

bool ld_check_changes_there(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++)
		if (!ld_amend_there(k->m, all.ch[i]))
			return ld_refuse(k->j, LIANDAN__REASON__UNKNOWN_SUBJECT,
					 "what change %zu changes is not there (line %" PRIu32 ")",
					 i + 1, all.ch[i]->line);
	return true;
}

bool ld_check_old_stands(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++)
		if (!ld_amend_stands(k->m, all.ch[i]))
			return ld_refuse(k->j, LIANDAN__REASON__BAD_CONTENT,
					 "the old value of change %zu is not what stands", i + 1);
	return true;
}

/* As the gate wants ids: they stand in topics and keys. */
static bool id_like(const char *s)
{
	if (strlen(s) > LD_MAX_ID_BYTES || s[0] == '$')
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || strchr("/+#", *s) != NULL)
			return false;
	return true;
}

static bool receiver_like(const char *text)
{
	const struct ld_amend_receiver r = ld_amend_receiver_of(text);

	return r.party[0] != '\0' && id_like(r.party) && id_like(r.site);
}

static bool can_be(const Liandan__AmendmentChange *ch)
{
	switch ((int)ch->field) {
	case FIELD(LINE_MASS):
		return ch->new_number > 0 && ch->new_number <= LD_MAX_MASS_G;
	case FIELD(ACCEPTED_MASS):
		return ch->new_number >= 0 && ch->new_number <= LD_MAX_MASS_G;
	case FIELD(LINE_COUNT):
	case FIELD(ACCEPTED_COUNT):
		return ch->new_number >= 0 && ch->new_number <= UINT32_MAX;
	case FIELD(LINE_HAZARDS):
		return ch->new_number >= 0 && (ch->new_number & ~(int64_t)ALL_HAZARDS) == 0;
	case FIELD(ARRIVAL):
		return ch->new_number >= 0;
	case FIELD(RECEIVER):
		return receiver_like(ch->new_text);
	case FIELD(CARRIER):
	case FIELD(PLATE):
	case FIELD(LINE_CODE):
		return ch->new_text[0] != '\0' && id_like(ch->new_text);
	case FIELD(LINE_MODE):
	case FIELD(ACCEPTED_MODE):
	case FIELD(DRIVER):
		return id_like(ch->new_text);
	default:
		return true;
	}
}

bool ld_check_changes_can_be(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++)
		if (!can_be(all.ch[i]))
			return ld_refuse(k->j, LIANDAN__REASON__QUANTITY,
					 "the new value of change %zu cannot be", i + 1);
	return true;
}

bool ld_check_codes_known(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++) {
		const char *code = all.ch[i]->new_text;

		if (all.ch[i]->field == FIELD(LINE_CODE) &&
		    !ld_code_known(ld_code_system_of(code), code) &&
		    !ld_failed(k, LIANDAN__REASON__BAD_WASTE_CODE, code, all.ch[i]->line, 0,
			       "no such code %s", code))
			return false;
	}
	return true;
}

static bool names_party(const Liandan__AmendmentChange *ch)
{
	return ch->field == FIELD(RECEIVER) || ch->field == FIELD(CARRIER);
}

/* Redirected says where it goes. */
static bool sent_elsewhere(const Custody__Manifest *m)
{
	return m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN ||
	       m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_REDIRECT;
}

bool ld_check_parties_fixed(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++)
		if (names_party(all.ch[i]) &&
		    (k->m->leg != 0 || k->m->n_passed != 0 || ld_pipe_flows(k->m)))
			return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
					 "no party is changed after the first hand-over");
	for (size_t i = 0; i < all.n; i++)
		if (all.ch[i]->field == FIELD(RECEIVER) && sent_elsewhere(k->m))
			return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
					 "where it goes was said when it was redirected");
	return true;
}

/* Grams that are on another manifest too, or in its name. */
static bool of_others(const Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	if (ch->field == FIELD(LINE_CODE))
		return ld_amend_carries_on(m) || m->n_passed != 0;
	return ch->field == FIELD(LINE_MASS) &&
	       (ld_amend_carries_on(m) ||
		(m->n_passed != 0 && ld_items_of_line_g(m->items, m->n_items, ch->line) == 0));
}

/* Its days say what has flowed. */
static bool of_pipeline(const Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	return ld_pipe_flows(m) &&
	       (ch->field == FIELD(LINE_MASS) || ch->field == FIELD(LINE_CODE) ||
		ch->field == FIELD(ACCEPTED_MASS));
}

bool ld_check_parts_apart(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++) {
		if (of_others(k->m, all.ch[i]))
			return ld_refuse(k->j, LIANDAN__REASON__LIMIT,
					 "line %" PRIu32 " is another manifest's too",
					 all.ch[i]->line);
		if (of_pipeline(k->m, all.ch[i]))
			return ld_refuse(k->j, LIANDAN__REASON__LIMIT,
					 "line %" PRIu32 " goes by pipeline", all.ch[i]->line);
	}
	return true;
}

static bool new_receiver(struct ld_case *k, const char *text)
{
	const struct ld_amend_receiver r = ld_amend_receiver_of(text);
	const char *site = r.site[0] != '\0' ? r.site : k->m->created->receiver->site;
	const int64_t at = k->f->recorded_at_ms;

	if (!ld_party_active(k->c, r.party, LIANDAN__ROLE__ROLE_RECEIVER, at))
		return ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, r.party, 0, 0,
				 "%s is not registered as a receiver", r.party);
	return (ld_site_usable(k->c, site, r.party, at) &&
		strcmp(site, k->m->created->site) != 0) ||
	       ld_failed(k, LIANDAN__REASON__UNKNOWN_SITE, site, 0, 0,
			 "%s is not a site of %s, or is the origin", site, r.party);
}

bool ld_check_amended_parties(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++) {
		const char *text = all.ch[i]->new_text;

		if (all.ch[i]->field == FIELD(RECEIVER) && !new_receiver(k, text))
			return false;
		if (all.ch[i]->field == FIELD(CARRIER) &&
		    !ld_party_active(k->c, text, LIANDAN__ROLE__ROLE_CARRIER,
				     k->f->recorded_at_ms) &&
		    !ld_failed(k, LIANDAN__REASON__UNKNOWN_PARTY, text, all.ch[i]->line, 0,
			       "%s is not registered as a carrier", text))
			return false;
	}
	return true;
}

static bool new_vehicle(struct ld_case *k, const char *plate)
{
	size_t mark = ld_mark(k->c);
	Custody__Vehicle *v;
	const bool own = ld_vehicle_get(k->c, plate, &v) == LD_OK &&
			 strcmp(v->registered->party, k->m->carrier) == 0;

	ld_release(k->c, mark);
	return own || ld_failed(k, LIANDAN__REASON__UNKNOWN_VEHICLE, plate, 0, 0,
				"%s is not a vehicle of %s", plate, k->m->carrier);
}

static bool new_driver(struct ld_case *k, const char *person)
{
	size_t mark = ld_mark(k->c);
	Custody__Person *p;
	const bool own = person[0] == '\0' || (ld_person_get(k->c, person, &p) == LD_OK &&
					       strcmp(p->registered->party, k->m->carrier) == 0);

	ld_release(k->c, mark);
	return own || ld_failed(k, LIANDAN__REASON__UNKNOWN_PERSON, person, 0, 0, "%s is not of %s",
				person, k->m->carrier);
}

bool ld_check_amended_vehicle(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);

	for (size_t i = 0; i < all.n; i++) {
		if (all.ch[i]->field == FIELD(PLATE) && !new_vehicle(k, all.ch[i]->new_text))
			return false;
		if (all.ch[i]->field == FIELD(DRIVER) && !new_driver(k, all.ch[i]->new_text))
			return false;
	}
	return true;
}

/* Who has been offered it takes what the offer showed. */
bool ld_check_offer_clear(struct ld_case *k)
{
	const bool now = ld_amend_effect_of(k->c, k->f, k->m).n != 0;

	return !now || !ld_offer_live(k->m, k->f->recorded_at_ms) ||
	       ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
			 "an offer to %s is open: withdraw it first", k->m->offer->to_party);
}

/* What it comes to; NULL: nothing is to be changed now, or the arena is full. */
static const struct ld_amend_plan *plan_of(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);
	struct ld_amend_plan *p;

	if (k->found == NULL && all.n != 0 && ld_amend_plan(k->c, k->m, all.ch, all.n, &p) == LD_OK)
		k->found = p;
	return k->found;
}

bool ld_check_books_hold(struct ld_case *k)
{
	const struct ld_amend_plan *p = plan_of(k);

	if (p == NULL)
		return changes_of(k).n == 0 || ld_refuse(k->j, LIANDAN__REASON__LIMIT,
							 "the manifest is too large to amend");
	return p->bar == LIANDAN__REASON__REASON_NONE ||
	       ld_refuse(k->j, p->bar, "%s: it would be %" PRId64 " g, or is elsewhere", p->bar_on,
			 p->bar_g);
}

/* The seal's checks of what stands then; of what was redirected, row 16's: who takes his own back
 * needs no licence, and an order stands for the grant. */
bool ld_check_sealed_again(struct ld_case *k)
{
	const struct ld_amend_plan *p = plan_of(k);
	Custody__Manifest *m = k->m;
	const bool back = m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN;
	bool ok;

	if (p == NULL || m->state != CUSTODY__MANIFEST_STATE__SEALED)
		return true;
	k->m = p->after;
	ok = (back || ld_check_receiver_licensed(k)) && ld_check_carriers_licensed(k) &&
	     (sent_elsewhere(m) || ld_check_approval(k));
	k->m = m;
	return ok;
}

bool ld_check_amended_hazards(struct ld_case *k)
{
	const struct ld_amend_changes all = changes_of(k);
	const struct ld_amend_plan *p = plan_of(k);
	Custody__Manifest *m = k->m;
	bool touched = false, ok;

	for (size_t i = 0; i < all.n; i++)
		touched = touched || all.ch[i]->field == FIELD(LINE_CODE) ||
			  all.ch[i]->field == FIELD(LINE_HAZARDS);
	if (p == NULL || !touched)
		return true;
	k->m = p->after;
	ok = ld_check_hazards(k);
	k->m = m;
	return ok;
}

/* ---- agreeing ---- */

/* One that is not here waits; one that is over, or that never was this manifest's, is not open. */
bool ld_check_proposal_open(struct ld_case *k)
{
	const ProtobufCBinaryData hash = k->f->event->amendment_agreed->proposal;
	Custody__Effect *e;

	if (k->m->proposal != NULL && ld_same_id(k->m->proposal->event_hash, hash))
		return true;
	if (hash.len != LD_HASH_BYTES || ld_effect_get(k->c, hash.data, &e) != LD_OK ||
	    e->verdict == LIANDAN__VERDICT__HELD)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_CAUSE,
			       "the amendment is not here yet");
	return ld_refuse(k->j, LIANDAN__REASON__OUT_OF_ORDER,
			 "that amendment is over, or none of this manifest");
}

bool ld_check_asked(struct ld_case *k)
{
	const Custody__Proposal *p = k->m->proposal;
	const char *party = k->f->signer->party;

	return ld_party_among(p->waits_for, p->n_waits_for, party) ||
	       ld_party_among(p->agreed, p->n_agreed, party) ||
	       ld_wrong_role(k->f, k->j, k->row->who);
}

/* Who has agreed may still say that it is off. */
bool ld_check_agreed_once(struct ld_case *k)
{
	const Custody__Proposal *p = k->m->proposal;

	return !k->f->event->amendment_agreed->agrees ||
	       !ld_party_among(p->agreed, p->n_agreed, k->f->signer->party) ||
	       ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "%s has agreed already",
			 k->f->signer->party);
}

/* ---- what follows ---- */

/* After a hand-over nothing is judged anew: a correction of what was accepted is told. */
static void notice(struct ld_custody *c, const struct ld_fact *f, const Custody__Manifest *m,
		   const Custody__Amended *a, struct ld_own_list *own)
{
	const char *hex = ld_c_hex(c, m->manifest);
	Liandan__AnomalyRaised *x =
	    hex == NULL ? NULL
			: ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__AMENDED, 1,
					 LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST, hex, hex);

	if (x == NULL)
		return;
	x->from_ms = m->accepted_ms;
	x->to_ms = a->at_ms;
	ld_anomaly_figure(c, x, "version", a->version, LD_DRAFT_VERSION,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_figure(c, x, "declared", ld_manifest_declared_g(m), 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, x, "accepted", ld_manifest_accepted_g(m), 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_evidence(c, x, a->proposal);
	ld_anomaly_evidence(c, x, f->index);
	ld_anomaly_report(c, own, x);
}

/* 5C D8: of the party that proposes them. */
static void too_many(struct ld_custody *c, const struct ld_fact *f, const Custody__Amended *a,
		     struct ld_own_list *own)
{
	const int64_t n = ld_amended_in_month(c, a->party, a->at_ms);
	Liandan__AnomalyRaised *x;

	if (n <= c->rules->amendments_a_month)
		return;
	x = ld_anomaly_new(
	    c, LIANDAN__ANOMALY_KIND__AMENDMENT_ABUSE,
	    ld_anomaly_level(LIANDAN__ANOMALY_KIND__AMENDMENT_ABUSE, LIANDAN__REASON__REASON_NONE),
	    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY, a->party, "");
	if (x == NULL)
		return;
	x->from_ms = x->to_ms = a->at_ms;
	ld_anomaly_figure(c, x, "amendments", n, c->rules->amendments_a_month,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_COUNT);
	ld_anomaly_evidence(c, x, a->proposal);
	ld_anomaly_evidence(c, x, f->index);
	ld_anomaly_report(c, own, x);
}

void ld_amend_follow(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		     struct ld_own_list *own)
{
	const Custody__Amended *a;
	Custody__Manifest *m;

	if (ld_manifest_get(c, manifest, &m) != LD_OK || m->n_amended == 0)
		return;
	a = m->amended[m->n_amended - 1];
	if (a->index != f->index)
		return; /* it waits, or is off */
	if (m->accepted_ms != 0)
		notice(c, f, m, a, own);
	too_many(c, f, a, own);
}
