/* What follows from a step of the manifest once it has taken effect: its end, and what late news
 * explains. CUSTODY-19, 22. */
#include "plugin/custody/amend.h"
#include "plugin/custody/anomaly.h"
#include "plugin/custody/finding.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/road.h"
#include "plugin/custody/skim.h"
#include "plugin/custody/store.h"
#include "plugin/custody/weigh.h"

/* Booked grams add exactly: what was shipped less what was accepted is the line's loss. */
static Liandan__ClosedLine *closed_line(struct ld_custody *c, const Custody__Manifest *m,
					const Liandan__Line *line)
{
	Liandan__ClosedLine *l = ld_arena_alloc(c->arena, sizeof *l);

	if (l == NULL)
		return NULL;
	liandan__closed_line__init(l);
	l->line = line->line;
	l->passed_g = ld_line_passed_g(m, line->line);
	l->taken_g = ld_add_g(ld_items_of_line_g(m->items, m->n_items, line->line), l->passed_g);
	l->accepted_g = ld_line_accepted_g(m, line->line);
	l->loss_g = ld_sub_g(ld_sub_g(l->taken_g, l->passed_g), l->accepted_g);
	return l;
}

void ld_manifest_close(struct ld_custody *c, const Custody__Manifest *m,
		       Liandan__CloseReason reason, struct ld_own_list *own)
{
	Liandan__ManifestClosed *b = ld_own_add(c, own, LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED);
	size_t n = m->created->n_lines;

	if (b == NULL)
		return;
	b->manifest = m->manifest;
	b->reason = reason;
	b->lines = ld_arena_alloc(c->arena, n * sizeof *b->lines);
	for (size_t i = 0; b->lines != NULL && i < n; i++) {
		b->lines[i] = closed_line(c, m, m->created->lines[i]);
		if (b->lines[i] == NULL)
			return;
		b->n_lines = i + 1;
	}
}

/* The step came after all: what the clock had raised is explained. */
static void explain(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own,
		    Liandan__AnomalyKind kind, ProtobufCBinaryData manifest)
{
	const char *hex = ld_c_hex(c, manifest);

	if (hex != NULL)
		ld_anomaly_explain(c, own, kind, hex, hex, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE,
				   f->index);
}

/* Only what this event has brought to its end: it may name what others carry, or what is lost. */
static void arrived(struct ld_custody *c, const struct ld_fact *f, const Liandan__Arrived *b,
		    struct ld_own_list *own)
{
	for (size_t i = 0; i < b->n_manifests; i++) {
		size_t mark = c->arena->used;
		Custody__Manifest *m;
		bool here = ld_manifest_get(c, b->manifests[i], &m) == LD_OK &&
			    m->updated_index == f->index;

		c->arena->used = mark;
		if (here)
			explain(c, f, own, LIANDAN__ANOMALY_KIND__OVERDUE, b->manifests[i]);
	}
}

static void close_it(struct ld_custody *c, ProtobufCBinaryData manifest,
		     Liandan__CloseReason reason, struct ld_own_list *own)
{
	Custody__Manifest *m;

	if (ld_manifest_get(c, manifest, &m) == LD_OK)
		ld_manifest_close(c, m, reason, own);
}

/* CN closes at acceptance; a profile may wait for treatment. */
static void accepted(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		     struct ld_own_list *own)
{
	Custody__Manifest *m;

	explain(c, f, own, LIANDAN__ANOMALY_KIND__DEADLINE, manifest);
	if (ld_manifest_get(c, manifest, &m) == LD_OK && !ld_awaits_treatment(c, m))
		ld_manifest_close(c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_ACCEPTED, own);
	ld_shortfall_follow(c, f, own);
	ld_licence_follow(c, f, manifest, own);
	ld_losses_follow(c, f, own);
	ld_store_follow(c, f, own);
	ld_skim_follow(c, f, own);
}

/* CUSTODY-16: the child carries it on. */
static void redirected(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		       struct ld_own_list *own)
{
	explain(c, f, own, LIANDAN__ANOMALY_KIND__DEADLINE, manifest);
	close_it(c, manifest, LIANDAN__CLOSE_REASON__CLOSE_REASON_REDIRECTED, own);
}

/* CUSTODY-6: nothing is left of a manifest whose parts have all gone. */
static void taken(struct ld_custody *c, const struct ld_fact *f, const Liandan__HandoverTaken *t,
		  struct ld_own_list *own)
{
	Custody__Manifest *m;

	explain(c, f, own, LIANDAN__ANOMALY_KIND__DEADLINE, t->manifest);
	ld_spent_follow(c, f, own);
	if (ld_manifest_get(c, t->manifest, &m) != LD_OK)
		return;
	if (m->state != CUSTODY__MANIFEST_STATE__SEALED || m->n_items == 0) /* D7: nothing waits */
		explain(c, f, own, LIANDAN__ANOMALY_KIND__NOT_PICKED_UP, t->manifest);
	if (t->child.len != 0 && m->n_items == 0 &&
	    m->state != CUSTODY__MANIFEST_STATE__CANCELLED &&
	    m->state != CUSTODY__MANIFEST_STATE__EXPIRED)
		ld_manifest_close(c, m, LIANDAN__CLOSE_REASON__CLOSE_REASON_SPLIT, own);
}

/* CUSTODY-3: late, but it has spoken. */
static void confirmed(struct ld_custody *c, const struct ld_fact *f, ProtobufCBinaryData manifest,
		      struct ld_own_list *own)
{
	const char *hex = ld_c_hex(c, manifest);
	Custody__Manifest *m;

	if (hex != NULL && ld_manifest_get(c, manifest, &m) == LD_OK)
		ld_anomaly_explain(c, own, LIANDAN__ANOMALY_KIND__DEADLINE, m->created->generator,
				   hex, LIANDAN__ANOMALY_PHASE__EXPLAINED_LATE, f->index);
}

void ld_manifest_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
			struct ld_own_list *own)
{
	const Liandan__Event *e = f->event;

	(void)j;
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		taken(c, f, e->handover_taken, own);
		break;
	case LIANDAN__EVENT__BODY_MANIFEST_CANCELLED:
		explain(c, f, own, LIANDAN__ANOMALY_KIND__NOT_PICKED_UP,
			e->manifest_cancelled->manifest);
		break;
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		confirmed(c, f, e->generator_confirmed->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		ld_stop_follow(c, f, e->stop_ended, own);
		break;
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
		ld_amend_follow(c, f, e->amendment_proposed->manifest, own);
		ld_spent_one_follow(c, f, e->amendment_proposed->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		ld_amend_follow(c, f, e->amendment_agreed->manifest, own);
		ld_spent_one_follow(c, f, e->amendment_agreed->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
		ld_discrepancy_follow(c, f, e->discrepancy_reported->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		ld_discrepancy_follow(c, f, e->discrepancy_resolved->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		ld_storage_entered_follow(c, f, e->temporary_storage_entered->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
		ld_storage_left_follow(c, f, e->temporary_storage_left->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		ld_accident_follow(c, f, e->accident_reported, own);
		break;
	case LIANDAN__EVENT__BODY_ARRIVED:
		arrived(c, f, e->arrived, own);
		break;
	case LIANDAN__EVENT__BODY_RECEIVED:
		explain(c, f, own, LIANDAN__ANOMALY_KIND__OVERDUE, e->received->manifest);
		explain(c, f, own, LIANDAN__ANOMALY_KIND__DEADLINE, e->received->manifest);
		break;
	case LIANDAN__EVENT__BODY_PIPELINE_DAY: /* CUSTODY-25 */
		ld_licence_follow(c, f, e->pipeline_day->manifest, own);
		ld_store_follow(c, f, own);
		break;
	case LIANDAN__EVENT__BODY_ACCEPTED:
		accepted(c, f, e->accepted->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		accepted(c, f, e->partly_accepted->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_REDIRECTED:
		redirected(c, f, e->redirected->manifest, own);
		break;
	case LIANDAN__EVENT__BODY_REJECTED:
		explain(c, f, own, LIANDAN__ANOMALY_KIND__DEADLINE, e->rejected->manifest);
		ld_shortfall_follow(c, f, own);
		break;
	default:
		break;
	}
}
