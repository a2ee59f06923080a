/* Out of the store 出库; merged, split, repacked; counted 盘点. CUSTODY-18. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/anomaly.h"
#include "plugin/custody/drain.h"
#include "plugin/custody/loss.h"
#include "plugin/custody/manifest_judge.h"

/* ---- 出库 ---- */

static const Liandan__ContainerReleased *release_of(const struct ld_case *k)
{
	return k->f->event->container_released;
}

/* Leaves the manifest in k->found. */
bool ld_check_leaves_by(struct ld_case *k)
{
	const Liandan__ContainerReleased *b = release_of(k);
	Custody__Manifest *m;

	if (b->manifest.len == 0)
		return true;
	if (ld_manifest_get(k->c, b->manifest, &m) != LD_OK)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the manifest is not here yet");
	if (strcmp(m->created->generator, k->f->signer->party) != 0)
		return ld_wrong_role(k->f, k->j, "the party that sends it");
	if (m->state == CUSTODY__MANIFEST_STATE__DRAFT)
		return ld_hold(k->j, LIANDAN__REASON__WAITS_FOR_STATE,
			       "the manifest is not sealed yet");
	k->found = m;
	return true;
}

/* With a manifest: its own, there still or gone by it already. Without: in stock and on none. */
static bool container_out(struct ld_case *k, const Custody__Container *o)
{
	const Liandan__ContainerReleased *b = release_of(k);

	if (b->manifest.len == 0)
		return ld_container_stands(o, k->f->signer->party, b->site) && o->manifest.len == 0;
	return ld_same_id(o->manifest, b->manifest) || ld_same_id(o->came_by, b->manifest);
}

static bool item_out(struct ld_case *k, const Liandan__Item *item)
{
	size_t mark = ld_mark(k->c);
	Custody__Container *o;
	bool known = ld_container_get(k->c, item->container, &o) == LD_OK;
	bool out = known && container_out(k, o);
	/* what has been accepted since may weigh something else */
	int64_t mass_g = out && o->came_by.len == 0 ? o->mass_g : item->mass_g;

	ld_release(k->c, mark);
	if (!known)
		return ld_failed(k, LIANDAN__REASON__UNKNOWN_CONTAINER, item->container, 0, 0,
				 "no such container %s", item->container);
	if (!out)
		return ld_failed(k, LIANDAN__REASON__CONTAINER_ELSEWHERE, item->container, 0, 0,
				 "container %s is not there, or not on that manifest",
				 item->container);
	return item->mass_g == 0 || item->mass_g == mass_g ||
	       ld_failed(k, LIANDAN__REASON__QUANTITY, item->container, item->mass_g, mass_g,
			 "container %s holds another mass", item->container);
}

bool ld_check_released_stand(struct ld_case *k)
{
	const Liandan__ContainerReleased *b = release_of(k);

	for (size_t i = 0; i < b->n_items; i++)
		if (b->items[i]->container[0] != '\0' && !item_out(k, b->items[i]))
			return false;
	return true;
}

/* Bulk that leaves by a manifest: no more than was sealed on it. */
bool ld_check_released_sealed(struct ld_case *k)
{
	const Liandan__ContainerReleased *b = release_of(k);
	const Custody__Manifest *m = k->found;
	int64_t out_g = 0, sealed_g = 0;

	if (m == NULL)
		return true;
	for (size_t i = 0; i < b->n_items; i++)
		if (b->items[i]->container[0] == '\0')
			out_g = ld_add_g(out_g, b->items[i]->mass_g);
	for (size_t i = 0; i < m->n_items; i++)
		if (m->items[i]->container[0] == '\0')
			sealed_g = ld_add_g(sealed_g, m->items[i]->mass_g);
	return out_g <= sealed_g || ld_failed(k, LIANDAN__REASON__QUANTITY, b->batch, out_g,
					      sealed_g, "more than is on its manifest");
}

/* ---- 合并、拆分、换包装 ---- */

static const Liandan__StockRepacked *repack_of(const struct ld_case *k)
{
	return k->f->event->stock_repacked;
}

bool ld_check_inputs_said(struct ld_case *k)
{
	const Liandan__StockRepacked *b = repack_of(k);

	for (size_t i = 0; i < b->n_inputs; i++)
		if (b->inputs[i]->container[0] == '\0' && b->inputs[i]->manifest.len == 0 &&
		    b->inputs[i]->code[0] == '\0')
			return ld_refuse(k->j, LIANDAN__REASON__BAD_WASTE_CODE,
					 "input %zu does not say which waste", i + 1);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* New ids, each once, and none that goes in: genealogy has no cycles. */
bool ld_check_outputs_new(struct ld_case *k)
{
	const Liandan__StockRepacked *b = repack_of(k);
	size_t mark = ld_mark(k->c), n = 0;
	const char **ids =
	    ld_arena_alloc(k->c->arena, (b->n_inputs + b->n_outputs + 1) * sizeof *ids);
	bool ok = true;

	if (ids == NULL)
		return ld_refuse(k->j, LIANDAN__REASON__LIMIT, "too many containers");
	for (size_t i = 0; ok && i < b->n_outputs; i++) {
		const char *id = b->outputs[i]->container;
		size_t here = ld_mark(k->c);
		Custody__Container *there;

		if (id[0] == '\0')
			continue;
		ids[n++] = id;
		ok = ld_container_get(k->c, id, &there) != LD_OK ||
		     ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "container %s is in use", id);
		ld_release(k->c, here);
	}
	/* an input that is not there may be said twice: it is recorded as that */
	qsort(ids, n, sizeof *ids, by_name);
	for (size_t i = 1; ok && i < n; i++)
		ok = strcmp(ids[i - 1], ids[i]) != 0 ||
		     ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS, "container %s is there twice",
			       ids[i]);
	for (size_t i = 0; ok && i < b->n_inputs; i++) {
		const char *id = b->inputs[i]->container;

		ok = bsearch(&id, ids, n, sizeof *ids, by_name) == NULL ||
		     ld_refuse(k->j, LIANDAN__REASON__ALREADY_EXISTS,
			       "container %s goes in and comes out", id);
	}
	ld_release(k->c, mark);
	return ok;
}

bool ld_check_repacked_codes(struct ld_case *k)
{
	const Liandan__StockRepacked *b = repack_of(k);

	for (size_t i = 0; i < b->n_outputs; i++) {
		const Liandan__Line *line = b->outputs[i]->line;

		if (!ld_code_known(line->code_system, line->code) &&
		    !ld_failed(k, LIANDAN__REASON__BAD_WASTE_CODE, line->code, 0, 0,
			       "no such code %s", line->code))
			return false;
	}
	return true;
}

/* Hazardous waste of several generators stays apart, unless the profile lets it be merged. */
bool ld_check_one_generator(struct ld_case *k)
{
	const struct ld_drains *d = k->found;

	return !d->several || k->c->rules->merge_origins != 0 ||
	       ld_failed(k, LIANDAN__REASON__ORIGINS_MERGED, repack_of(k)->batch, 0, 0,
			 "hazardous waste of several generators goes in");
}

/* Law article 81: wastes that react with each other are not mixed. */
bool ld_check_compatible(struct ld_case *k)
{
	const struct ld_drains *d = k->found;

	for (size_t a = 0; a < d->n; a++)
		for (size_t b = a + 1; b < d->n; b++) {
			const struct ld_waste x = {d->of[a].code, 0}, y = {d->of[b].code, 0};

			if (ld_wastes_clash(&x, &y))
				return ld_failed(k, LIANDAN__REASON__INCOMPATIBLE, y.code, 0, 0,
						 "%s must not come together with %s", x.code,
						 y.code);
		}
	return true;
}

/* ---- 盘点 ---- */

static const Liandan__StockCounted *count_of(const struct ld_case *k)
{
	return k->f->event->stock_counted;
}

/* A code of the catalogues, or one that is on the books here whatever it is. */
bool ld_check_counted_code(struct ld_case *k)
{
	const Liandan__StockCounted *b = count_of(k);
	size_t mark = ld_mark(k->c);
	Custody__Stock *s;
	bool known = ld_code_known(ld_code_system_of(b->code), b->code) ||
		     ld_stock_get(k->c, k->f->signer->party, b->site, b->code, &s) == LD_OK;

	ld_release(k->c, mark);
	return known || ld_failed(k, LIANDAN__REASON__BAD_WASTE_CODE, b->code, 0, 0,
				  "no such code %s", b->code);
}

bool ld_check_counted_tickets(struct ld_case *k)
{
	const Liandan__StockCounted *b = count_of(k);

	for (size_t i = 0; i < b->n_tickets; i++) {
		size_t mark = ld_mark(k->c);
		Custody__Ticket *t;
		const char *hex;
		bool here = ld_ticket_get(k->c, b->tickets[i], &t) == LD_OK;

		ld_release(k->c, mark);
		if (here)
			continue;
		hex = ld_c_hex(k->c, b->tickets[i]);
		return ld_failed(k, LIANDAN__REASON__UNKNOWN_TICKET, hex != NULL ? hex : "", 0, 0,
				 "a ticket is not in the ledger");
	}
	return true;
}

/* 5C M10: what was found against what the books said, over the time since the last count. */
void ld_counted_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own)
{
	const Liandan__StockCounted *b = f->event->stock_counted;
	Liandan__AnomalyRaised *a;
	const Custody__Count *n;
	int64_t allowed_g;
	Custody__Stock *s;
	uint32_t level;

	if (ld_stock_get(c, f->signer->party, b->site, b->code, &s) != LD_OK || s->count == NULL ||
	    s->count->since == NULL)
		return;
	n = s->count;
	allowed_g = ld_tally_allowed_g(c->rules, n->since);
	level = ld_imbalance_level(c->rules, n->off_g, allowed_g);
	if (level == 0)
		return;
	a = ld_anomaly_new(c, LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE, level,
			   LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE, b->site, "");
	if (a == NULL)
		return;
	a->site = a->subject;
	a->code = b->code;
	a->from_ms = n->from_ms;
	a->to_ms = f->event->occurred_at_ms;
	ld_anomaly_figure(c, a, "difference", n->off_g, allowed_g,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "counted", b->counted_g, ld_add_g(b->counted_g, n->off_g),
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_figure(c, a, "throughput", n->since->moved_g, 0,
			  LIANDAN__FIGURE_UNIT__FIGURE_UNIT_GRAM);
	ld_anomaly_evidence(c, a, f->index);
	ld_anomaly_report(c, own, a);
}
