/* Row 20: amendments. What the manifest says is changed once everybody has agreed who signed since;
 * the books are corrected as if it had been said so from the beginning. */
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h" /* LD_MAX_MASS_G */
#include "proto/digest.h"
#include "proto/waste_code.h"
#include "tests/model/naive.h"

#define AMENDMENT_MS (INT64_C(15) * 86400000)
#define IS(ch, NAME) ((ch)->field == LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_##NAME)

/* Fields that walks change; of the others nothing is known here. */
static bool is_number(const Liandan__AmendmentChange *ch)
{
	return IS(ch, LINE_MASS) || IS(ch, ACCEPTED_MASS);
}

/* ---- the manifest, as amended ---- */

static Liandan__Line *draft_line(const struct nv_manifest *m, uint32_t line)
{
	for (size_t i = 0; i < m->created->n_lines; i++)
		if (m->created->lines[i]->line == line)
			return m->created->lines[i];
	return NULL;
}

static Liandan__Carrier *carrier_of(const struct nv_manifest *m, uint32_t leg, const char *party)
{
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order == leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return m->created->carriers[i];
	return NULL;
}

static void set_text(char **text, const char *to)
{
	if (*text != (const char *)protobuf_c_empty_string)
		free(*text);
	*text = strdup(to);
	if (*text == NULL)
		abort();
}

static int64_t items_of(const struct nv_manifest *m, uint32_t line)
{
	int64_t total = 0;

	for (size_t i = 0; i < m->n_items; i++)
		total += m->item[i].line == line ? m->item[i].mass_g : 0;
	return total;
}

/* What the line has more, or less, shared over what is left of it in proportion, rounded so that
 * the sum is exact. */
static void share_mass(struct nv_manifest *m, uint32_t line, int64_t declared_g)
{
	const int64_t total = items_of(m, line);
	const int64_t mass_g = total + declared_g - nv_line_of(m, line)->declared_g;
	int64_t before = 0;

	for (size_t i = 0; i < m->n_items && total > 0; i++) {
		const int64_t old = m->item[i].mass_g;

		if (m->item[i].line != line)
			continue;
		m->item[i].mass_g = (int64_t)((__int128)mass_g * (before + old) / total) -
				    (int64_t)((__int128)mass_g * before / total);
		before += old;
	}
}

static void receiver_of(const char *text, char party[NV_ID], char site[NV_ID])
{
	const char *slash = strchr(text, '/');

	nv_copy(party, text);
	nv_copy(site, slash != NULL ? slash + 1 : "");
	if (slash != NULL && slash - text < NV_ID)
		party[slash - text] = '\0';
}

static void set_receiver(struct nv_manifest *m, const char *text)
{
	char party[NV_ID], site[NV_ID];

	receiver_of(text, party, site);
	set_text(&m->created->receiver->party, party);
	if (site[0] != '\0')
		set_text(&m->created->receiver->site, site);
	set_text(&m->created->receiver->licence, "");
}

static void set_one(struct nv_manifest *m, const Liandan__AmendmentChange *ch)
{
	if (IS(ch, LINE_MASS)) {
		share_mass(m, ch->line, ch->new_number);
		nv_line_of(m, ch->line)->declared_g = ch->new_number;
		draft_line(m, ch->line)->quantity->mass_g = ch->new_number;
	} else if (IS(ch, ACCEPTED_MASS)) {
		nv_line_of(m, ch->line)->accepted_g = ch->new_number;
	} else if (IS(ch, LINE_CODE)) {
		nv_copy(nv_line_of(m, ch->line)->code, ch->new_text);
		set_text(&draft_line(m, ch->line)->code, ch->new_text);
	} else if (IS(ch, PHONE)) {
		set_text(&m->created->phone, ch->new_text);
	} else if (IS(ch, RECEIVER)) {
		set_receiver(m, ch->new_text);
	} else if (IS(ch, CARRIER)) {
		Liandan__Carrier *c = carrier_of(m, ch->line, ch->old_text);

		set_text(&c->party, ch->new_text);
		set_text(&c->licence, "");
	} else if (IS(ch, PLATE)) {
		nv_copy(m->plate, ch->new_text);
	}
}

void nv_content_now(const struct nv_manifest *m, uint8_t out[LD_HASH_BYTES])
{
	size_t n = liandan__manifest_created__get_packed_size(m->created);
	uint8_t *bytes = malloc(n + m->n_items * 256);

	if (bytes == NULL)
		abort();
	n = liandan__manifest_created__pack(m->created, bytes);
	for (size_t i = 0; i < m->n_items; i++) {
		Liandan__Item item = LIANDAN__ITEM__INIT;

		item.container = (char *)(uintptr_t)m->item[i].container;
		item.line = m->item[i].line;
		item.mass_g = m->item[i].mass_g;
		n += liandan__item__pack(&item, bytes + n);
	}
	ld_sha256(bytes, n, out);
	free(bytes);
}

bool nv_content_is(const struct nv_manifest *m, ProtobufCBinaryData content)
{
	for (size_t i = 0; i < m->n_amended && i < NV_FORMER; i++)
		if (nv_id_is(content, m->former[i], sizeof m->former[i]))
			return true;
	return nv_id_is(content, m->content, sizeof m->content);
}

/* ---- the books, as they would be ---- */

struct book {
	char party[NV_ID], site[NV_ID], code[NV_ID];
	int64_t generated_g, received_g, shipped_g, bound_g, boxed_g;
};

struct plan {
	struct nv_manifest after; /* of lines, items and plate; `created` is the manifest's own */
	char receiver[NV_ID], receiver_site[NV_ID];
	struct book book[4 * NV_LINES];
	size_t n_books;
	struct {
		struct nv_container *k;
		int64_t mass_g;
		const char *code;
	} box[2 * NV_ITEMS];
	size_t n_boxes;
	struct nv_said said; /* the first thing that bars it */
};

static struct book *book_of(struct plan *p, const char *party, const char *site, const char *code)
{
	struct book *b;

	for (size_t i = 0; i < p->n_books; i++) {
		b = &p->book[i];
		if (strcmp(b->party, party) == 0 && strcmp(b->site, site) == 0 &&
		    strcmp(b->code, code) == 0)
			return b;
	}
	b = &p->book[p->n_books++];
	memset(b, 0, sizeof *b);
	nv_copy(b->party, party);
	nv_copy(b->site, site);
	nv_copy(b->code, code);
	return b;
}

static void bar(struct plan *p, struct nv_said said)
{
	if (p->said.verdict == LIANDAN__VERDICT__ACCEPTED)
		p->said = said;
}

static void box(struct plan *p, struct nv_container *k, int64_t mass_g, const char *code)
{
	p->box[p->n_boxes].k = k;
	p->box[p->n_boxes].mass_g = mass_g;
	p->box[p->n_boxes++].code = code;
}

static void book_origin(struct plan *p, const struct nv_manifest *m, const struct nv_manifest *as,
			const struct nv_line *l, int sign)
{
	struct book *b = book_of(p, m->created->generator, m->created->site, l->code);
	const bool sealed = m->state == CUSTODY__MANIFEST_STATE__SEALED;

	for (size_t i = 0; i < as->n_items; i++) {
		const int64_t g = sign * as->item[i].mass_g;
		const bool boxed = as->item[i].container[0] != '\0';

		if (as->item[i].line != l->line)
			continue;
		b->generated_g += boxed ? g : 0;
		b->shipped_g += sealed ? 0 : g;
		b->bound_g += sealed && !boxed ? g : 0;
		b->boxed_g += sealed && boxed ? g : 0;
	}
}

/* At the origin: containers must be where the manifest has them, as their generator filled them. */
static void plan_origin(struct nv *nv, struct plan *p, const struct nv_manifest *m,
			const struct nv_line *was, const struct nv_line *is)
{
	const bool recode = strcmp(was->code, is->code) != 0;

	for (size_t i = 0; i < m->n_items; i++) {
		const struct nv_item *now = &p->after.item[i];
		struct nv_container *k = nv_container_named(nv, now->container);

		if (m->item[i].line != was->line)
			continue;
		if (now->mass_g <= 0)
			bar(p, NV_REFUSED(QUANTITY));
		if (now->container[0] == '\0' || (!recode && now->mass_g == m->item[i].mass_g))
			continue;
		if (k == NULL || strcmp(k->generator, m->created->generator) != 0 ||
		    (!m->accepted && (!k->bound || memcmp(k->by, m->id, sizeof k->by) != 0)))
			bar(p, NV_REFUSED(CONTAINER_ELSEWHERE));
		else if (!m->accepted)
			box(p, k, now->mass_g, is->code);
	}
	book_origin(p, m, m, was, -1);
	book_origin(p, m, &p->after, is, 1);
}

/* At the receiver: containers hold their new shares, if nobody has touched them since. */
static void plan_receiver(struct nv *nv, struct plan *p, const struct nv_manifest *m,
			  const struct nv_line *was, const struct nv_line *is)
{
	const Liandan__Receiver *r = m->created->receiver;
	const bool recode = strcmp(was->code, is->code) != 0;

	for (size_t i = 0; i < m->n_items; i++) {
		struct nv_container *k = nv_container_named(nv, m->item[i].container);
		int64_t diff;

		if (m->item[i].line != was->line || m->item[i].container[0] == '\0')
			continue;
		diff =
		    nv_share_of(&p->after, i, is->accepted_g) - nv_share_of(m, i, was->accepted_g);
		if (!recode && diff == 0)
			continue;
		if (k == NULL || !k->came || memcmp(k->came_by, m->id, sizeof k->came_by) != 0 ||
		    !nv_container_in_stock(k) || k->state == CUSTODY__CONTAINER_STATE__BOUND ||
		    strcmp(k->party, r->party) != 0 || strcmp(k->site, r->site) != 0) {
			bar(p, NV_REFUSED(CONTAINER_ELSEWHERE));
			continue;
		}
		if (k->mass_g + diff < 0)
			bar(p, NV_REFUSED(QUANTITY));
		box(p, k, k->mass_g + diff, is->code);
		book_of(p, r->party, r->site, was->code)->boxed_g -= k->mass_g;
		book_of(p, r->party, r->site, is->code)->boxed_g += k->mass_g + diff;
	}
	book_of(p, r->party, r->site, was->code)->received_g -= was->accepted_g;
	book_of(p, r->party, r->site, is->code)->received_g += is->accepted_g;
}

/* It falls, and below zero. */
static bool sinks(int64_t was, int64_t is)
{
	return is < 0 && is < was;
}

static bool estimated(const struct nv_manifest *m, const struct plan *p, const char *code)
{
	for (size_t i = 0; i < p->after.n_lines; i++)
		if (strcmp(p->after.line[i].code, code) == 0 &&
		    draft_line(m, p->after.line[i].line)->quantity->basis ==
			LIANDAN__BASIS__BASIS_ESTIMATED)
			return true;
	return false;
}

static void hold_against_stock(struct nv *nv, struct plan *p, const struct nv_manifest *m,
			       const struct book *b)
{
	const struct nv_stock *s = nv_stock_at(nv, b->party, b->site, b->code);
	const int64_t more = b->generated_g + b->received_g - b->shipped_g;
	const int64_t in = nv_in_stock(s);
	const int64_t was = in - nv_boxed_g(nv, b->party, b->site, b->code) - s->bound_g;
	const int64_t is = was + more - b->boxed_g - b->bound_g;

	if (sinks(in, in + more) || (sinks(was, is) && !estimated(m, p, b->code)) ||
	    sinks(s->generated_g, s->generated_g + b->generated_g) ||
	    sinks(s->received_g, s->received_g + b->received_g) ||
	    sinks(s->shipped_g, s->shipped_g + b->shipped_g))
		bar(p, NV_REFUSED(QUANTITY));
}

static int64_t accepted_of(const struct nv_manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_lines; i++)
		sum += m->line[i].accepted_g;
	return sum;
}

static int64_t bulk_left(const struct nv_manifest *m)
{
	int64_t left = -m->bulk_treated_g;

	for (size_t i = 0; i < m->n_lines; i++)
		left += nv_bulk_of_line(m, &m->line[i]);
	for (size_t i = 0; i < m->n_unpacked; i++)
		left += m->unpacked[i].mass_g;
	return left;
}

static void hold_against_manifest(struct plan *p, const struct nv_manifest *m)
{
	const int64_t was = accepted_of(m), is = accepted_of(&p->after);

	if ((is < was && is < m->stored_g) || sinks(nv_unshared_g(m), nv_unshared_g(&p->after)) ||
	    sinks(bulk_left(m), bulk_left(&p->after)))
		bar(p, NV_REFUSED(QUANTITY));
}

/* Lines, items and plate; the draft itself stays until it takes effect. */
static void set_in_plan(struct plan *p, const Liandan__AmendmentChange *ch)
{
	if (IS(ch, LINE_MASS)) {
		share_mass(&p->after, ch->line, ch->new_number);
		nv_line_of(&p->after, ch->line)->declared_g = ch->new_number;
	} else if (IS(ch, ACCEPTED_MASS)) {
		nv_line_of(&p->after, ch->line)->accepted_g = ch->new_number;
	} else if (IS(ch, LINE_CODE)) {
		nv_copy(nv_line_of(&p->after, ch->line)->code, ch->new_text);
	}
}

static void make_plan(struct nv *nv, struct plan *p, const struct nv_manifest *m,
		      const Liandan__AmendmentProposed *b)
{
	memset(p, 0, sizeof *p);
	p->after = *m;
	p->said = nv_ok();
	for (size_t i = 0; i < b->n_changes; i++)
		set_in_plan(p, b->changes[i]);
	if (!m->sealed)
		return;
	for (size_t i = 0; i < m->n_lines; i++) {
		const struct nv_line *was = &m->line[i], *is = &p->after.line[i];
		const bool recode = strcmp(was->code, is->code) != 0;

		if (!recode && was->declared_g == is->declared_g &&
		    was->accepted_g == is->accepted_g)
			continue;
		if (recode || was->declared_g != is->declared_g)
			plan_origin(nv, p, m, was, is);
		if (!m->accepted)
			continue;
		plan_receiver(nv, p, m, was, is);
		if (recode && was->shared_g != 0) /* it has gone on by that code */
			bar(p, NV_REFUSED(CONTAINER_ELSEWHERE));
		if (sinks(was->accepted_g - was->shared_g, is->accepted_g - is->shared_g))
			bar(p, NV_REFUSED(QUANTITY));
		if (sinks(nv_bulk_of_line(m, was), nv_bulk_of_line(&p->after, is)))
			bar(p, NV_REFUSED(QUANTITY));
	}
	for (size_t i = 0; i < p->n_books; i++)
		hold_against_stock(nv, p, m, &p->book[i]);
	hold_against_manifest(p, m);
}

/* ---- who is asked ---- */

static bool among(char (*parties)[NV_ID], size_t n, const char *party)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(parties[i], party) == 0)
			return true;
	return false;
}

/* Those that signed after the field was set, but for the proposer. */
static size_t asked(const struct nv_manifest *m, const Liandan__AmendmentProposed *b,
		    const char *proposer, char (*out)[NV_ID])
{
	uint32_t since = UINT32_MAX;
	size_t n = 0;

	for (size_t i = 0; i < b->n_changes; i++) {
		const Liandan__AmendmentChange *ch = b->changes[i];
		const uint32_t at = IS(ch, PLATE)	    ? m->taken_at
				    : IS(ch, ACCEPTED_MASS) ? m->accepted_at
							    : 0;

		since = at < since ? at : since;
	}
	for (size_t i = 0; i < m->n_signed; i++)
		if (m->signed_at[i] >= since && strcmp(m->signed_by[i], proposer) != 0)
			nv_copy(out[n++], m->signed_by[i]);
	return n;
}

/* ---- what is asked of the changes ---- */

static bool there(struct nv_manifest *m, const Liandan__AmendmentChange *ch)
{
	if (IS(ch, LINE_MASS) || IS(ch, LINE_CODE))
		return nv_line_of(m, ch->line) != NULL;
	if (IS(ch, ACCEPTED_MASS))
		return (m->accepted || m->flows) && nv_line_of(m, ch->line) != NULL &&
		       nv_line_of(m, ch->line)->said == 1;
	if (IS(ch, CARRIER))
		return carrier_of(m, ch->line, ch->old_text) != NULL;
	return ch->line == 0 && (!IS(ch, PLATE) || m->leg != 0);
}

static bool stands(struct nv_manifest *m, const Liandan__AmendmentChange *ch)
{
	char party[NV_ID], site[NV_ID];

	if (!there(m, ch))
		return false;
	if (IS(ch, LINE_MASS))
		return nv_line_of(m, ch->line)->declared_g == ch->old_number;
	if (IS(ch, ACCEPTED_MASS))
		return nv_line_of(m, ch->line)->accepted_g == ch->old_number;
	if (IS(ch, LINE_CODE))
		return strcmp(nv_line_of(m, ch->line)->code, ch->old_text) == 0;
	if (IS(ch, PHONE))
		return strcmp(m->created->phone, ch->old_text) == 0;
	if (IS(ch, PLATE))
		return strcmp(m->plate, ch->old_text) == 0;
	if (IS(ch, CARRIER))
		return true;
	receiver_of(ch->old_text, party, site);
	return strcmp(m->created->receiver->party, party) == 0 &&
	       (site[0] == '\0' || strcmp(m->created->receiver->site, site) == 0);
}

static struct nv_said form_said(const Liandan__AmendmentProposed *b)
{
	for (size_t i = 0; i < b->n_changes; i++) {
		const Liandan__AmendmentChange *ch = b->changes[i];
		const bool typed = is_number(ch)
				       ? ch->old_text[0] == '\0' && ch->new_text[0] == '\0' &&
					     ch->old_number != ch->new_number
				       : ch->old_number == 0 && ch->new_number == 0 &&
					     strcmp(ch->old_text, ch->new_text) != 0;

		if (!typed)
			return NV_REFUSED(BAD_CONTENT);
		for (size_t k = 0; k < i; k++)
			if (b->changes[k]->field == ch->field && b->changes[k]->line == ch->line)
				return NV_REFUSED(BAD_CONTENT);
	}
	return nv_ok();
}

static bool can_be(const Liandan__AmendmentChange *ch)
{
	if (IS(ch, LINE_MASS))
		return ch->new_number > 0 && ch->new_number <= LD_MAX_MASS_G;
	if (IS(ch, ACCEPTED_MASS))
		return ch->new_number >= 0 && ch->new_number <= LD_MAX_MASS_G;
	return IS(ch, PHONE) || ch->new_text[0] != '\0';
}

static struct nv_said values_said(struct nv_manifest *m, const Liandan__AmendmentProposed *b)
{
	struct nv_said said = form_said(b);

	for (size_t i = 0; said.verdict == LIANDAN__VERDICT__ACCEPTED && i < b->n_changes; i++)
		if (!there(m, b->changes[i]))
			said = NV_REFUSED(UNKNOWN_SUBJECT);
	for (size_t i = 0; said.verdict == LIANDAN__VERDICT__ACCEPTED && i < b->n_changes; i++)
		if (!stands(m, b->changes[i]))
			said = NV_REFUSED(BAD_CONTENT);
	for (size_t i = 0; said.verdict == LIANDAN__VERDICT__ACCEPTED && i < b->n_changes; i++)
		if (!can_be(b->changes[i]))
			said = NV_REFUSED(QUANTITY);
	for (size_t i = 0; said.verdict == LIANDAN__VERDICT__ACCEPTED && i < b->n_changes; i++)
		if (IS(b->changes[i], LINE_CODE) &&
		    ld_waste_code_find(LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_HAZARDOUS,
				       b->changes[i]->new_text) == NULL)
			said = NV_REFUSED(BAD_WASTE_CODE);
	return said;
}

/* What also the last agreement is asked: no party after the first hand-over, no grams of parts. */
static struct nv_said fixed_said(const struct nv_manifest *m, const Liandan__AmendmentProposed *b)
{
	const Liandan__ManifestKind kind = m->created->kind;
	const bool child = kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;

	for (size_t i = 0; i < b->n_changes; i++)
		if ((IS(b->changes[i], RECEIVER) || IS(b->changes[i], CARRIER)) &&
		    (m->leg != 0 || m->passed != 0 || m->flows))
			return NV_REFUSED(OUT_OF_ORDER);
	for (size_t i = 0; i < b->n_changes; i++)
		if (IS(b->changes[i], RECEIVER) &&
		    (kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_RETURN ||
		     kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_REDIRECT))
			return NV_REFUSED(OUT_OF_ORDER);
	for (size_t i = 0; i < b->n_changes; i++)
		if ((IS(b->changes[i], LINE_CODE) && (child || m->passed != 0)) ||
		    (IS(b->changes[i], LINE_MASS) &&
		     (child || (m->passed != 0 && items_of(m, b->changes[i]->line) == 0))))
			return NV_REFUSED(LIMIT);
	for (size_t i = 0; i < b->n_changes; i++)
		if ((IS(b->changes[i], LINE_MASS) || IS(b->changes[i], LINE_CODE) ||
		     IS(b->changes[i], ACCEPTED_MASS)) &&
		    m->flows)
			return NV_REFUSED(LIMIT);
	return nv_ok();
}

static bool has_role(const struct nv *nv, const char *party, uint32_t role)
{
	for (size_t i = 0; i < nv->n_party; i++)
		if (strcmp(nv->party[i].party, party) == 0)
			return (nv->party[i].roles & role) != 0;
	return false;
}

static struct nv_said new_receiver_said(const struct nv *nv, const struct nv_manifest *m,
					const char *text)
{
	char party[NV_ID], site[NV_ID];
	const char *at, *owner;

	receiver_of(text, party, site);
	if (!has_role(nv, party, LIANDAN__ROLE__ROLE_RECEIVER))
		return NV_REFUSED(UNKNOWN_PARTY);
	at = site[0] != '\0' ? site : m->created->receiver->site;
	owner = nv_owner_of(nv, at);
	return owner == NULL || strcmp(owner, party) != 0 || strcmp(at, m->created->site) == 0
		   ? NV_REFUSED(UNKNOWN_SITE)
		   : nv_ok();
}

static struct nv_said names_said(const struct nv *nv, const struct nv_manifest *m,
				 const Liandan__AmendmentProposed *b)
{
	struct nv_said said = nv_ok();

	for (size_t i = 0; i < b->n_changes; i++) {
		const Liandan__AmendmentChange *ch = b->changes[i];

		if (IS(ch, RECEIVER))
			said = new_receiver_said(nv, m, ch->new_text);
		if (IS(ch, CARRIER) && !has_role(nv, ch->new_text, LIANDAN__ROLE__ROLE_CARRIER))
			said = NV_REFUSED(UNKNOWN_PARTY);
		if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
			return said;
	}
	for (size_t i = 0; i < b->n_changes; i++)
		if (IS(b->changes[i], PLATE) &&
		    (strcmp(b->changes[i]->new_text, "V0") != 0 || strcmp(m->carrier, "C0") != 0))
			return NV_REFUSED(UNKNOWN_VEHICLE); /* the only one that is registered */
	return nv_ok();
}

static struct nv_said effect_said(struct nv *nv, const struct nv_manifest *m,
				  const struct nv_event *v, const Liandan__AmendmentProposed *b,
				  bool now)
{
	static struct plan p;

	if (now && m->offer.open && m->offer.expires_ms > v->at_ms)
		return NV_REFUSED(OUT_OF_ORDER);
	make_plan(nv, &p, m, b);
	return p.said;
}

/* Before the first hand-over the grant must cover it as amended; of a return or redirection an
 * order stands for it. */
static struct nv_said sealed_again(struct nv *nv, const struct nv_manifest *m,
				   const struct nv_event *v, const Liandan__AmendmentProposed *b)
{
	static struct plan p;
	char party[NV_ID], site[NV_ID];

	if (m->state != CUSTODY__MANIFEST_STATE__SEALED || m->giver[0] != '\0')
		return nv_ok();
	nv_copy(party, m->created->receiver->party);
	for (size_t i = 0; i < b->n_changes; i++)
		if (IS(b->changes[i], RECEIVER))
			receiver_of(b->changes[i]->new_text, party, site);
	make_plan(nv, &p, m, b);
	return nv_grant_said(nv, &p.after, party, v->at_ms);
}

/* ---- what it says ---- */

static struct nv_said of_party(const struct nv *nv, const struct nv_manifest *m,
			       const struct nv_event *v)
{
	if (!nv_has(v->by,
		    LIANDAN__ROLE__ROLE_GENERATOR | LIANDAN__ROLE__ROLE_RECEIVER | NV_DRIVES))
		return NV_REFUSED(WRONG_ROLE);
	if (m == NULL)
		return NV_REFUSED(UNKNOWN_MANIFEST);
	if (!nv_takes_part(m, v->by))
		return NV_REFUSED(WRONG_ROLE);
	return nv_state(nv, m, NV_ANY & ~(NV_IN(CANCELLED) | NV_IN(EXPIRED) | NV_ENDED), 0);
}

static struct nv_said proposed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__AmendmentProposed *b = v->e->amendment_proposed;
	struct nv_manifest *m = nv_find(nv, b->manifest);
	char others[NV_SIGNED][NV_ID];
	struct nv_said said = of_party(nv, m, v);

	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (m->state == CUSTODY__MANIFEST_STATE__CANCELLED ||
	    m->state == CUSTODY__MANIFEST_STATE__EXPIRED)
		return NV_REFUSED(OUT_OF_ORDER);
	if (nv_held_back(nv, v, m->created, m))
		return NV_REFUSED(ON_HOLD);
	if (m->proposal != NULL)
		return NV_REFUSED(ALREADY_EXISTS);
	if (b->base_version != m->version)
		return NV_REFUSED(VERSION_DIFFERS);
	said = values_said(m, b);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = fixed_said(m, b);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = names_said(nv, m, b);
	if (said.verdict == LIANDAN__VERDICT__ACCEPTED)
		said = effect_said(nv, m, v, b, asked(m, b, v->by->party, others) == 0);
	return said.verdict == LIANDAN__VERDICT__ACCEPTED ? sealed_again(nv, m, v, b) : said;
}

static struct nv_said agreed(struct nv *nv, const struct nv_event *v)
{
	const Liandan__AmendmentAgreed *b = v->e->amendment_agreed;
	struct nv_manifest *m = nv_find(nv, b->manifest);
	const struct nv_effect *e = nv_effect_of(nv, b->proposal.data);
	const char *party = v->by->party;
	struct nv_said said = of_party(nv, m, v);

	if (said.verdict != LIANDAN__VERDICT__ACCEPTED)
		return said;
	if (m->proposal == NULL || !nv_id_is(b->proposal, m->proposal_hash, LD_HASH_BYTES))
		return e == NULL || e->verdict == LIANDAN__VERDICT__HELD ? NV_HELD(WAITS_FOR_CAUSE)
									 : NV_REFUSED(OUT_OF_ORDER);
	if (!among(m->waits, m->n_waits, party) && !among(m->agreed, m->n_agreed, party))
		return NV_REFUSED(WRONG_ROLE);
	if (b->agrees && among(m->agreed, m->n_agreed, party))
		return NV_REFUSED(ALREADY_EXISTS);
	if (nv_held_back(nv, v, m->created, m))
		return NV_REFUSED(ON_HOLD);
	if (!b->agrees || m->n_waits != 1)
		return nv_ok();
	for (size_t i = 0; i < m->proposal->n_changes; i++)
		if (!stands(m, m->proposal->changes[i]))
			return NV_REFUSED(BAD_CONTENT);
	said = fixed_said(m, m->proposal);
	return said.verdict == LIANDAN__VERDICT__ACCEPTED ? effect_said(nv, m, v, m->proposal, true)
							  : said;
}

struct nv_said nv_judge_amend(struct nv *nv, const struct nv_event *v)
{
	return v->e->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED ? proposed(nv, v)
									  : agreed(nv, v);
}

/* ---- what it does ---- */

void nv_drop_proposal(struct nv_manifest *m)
{
	if (m->proposal != NULL)
		liandan__amendment_proposed__free_unpacked(m->proposal, NULL);
	m->proposal = NULL;
	m->n_waits = m->n_agreed = 0;
}

static void take_effect(struct nv *nv, struct nv_manifest *m)
{
	static struct plan p;

	make_plan(nv, &p, m, m->proposal);
	for (size_t i = 0; i < p.n_books && nv->wrong != NV_AMENDS_NO_BOOK; i++) {
		const struct book *b = &p.book[i];
		struct nv_stock *s = nv_stock_at(nv, b->party, b->site, b->code);

		s->generated_g += b->generated_g;
		s->received_g += b->received_g;
		s->shipped_g += b->shipped_g;
		s->bound_g += b->bound_g;
	}
	for (size_t i = 0; i < p.n_boxes; i++) {
		p.box[i].k->mass_g = p.box[i].mass_g;
		nv_copy(p.box[i].k->code, p.box[i].code);
	}
	for (size_t i = 0; i < m->proposal->n_changes; i++)
		set_one(m, m->proposal->changes[i]);
	if (m->sealed) {
		memcpy(m->former[m->n_amended++ % NV_FORMER], m->content, sizeof m->content);
		m->version++;
		nv_content_now(m, m->content);
	}
	nv_drop_proposal(m);
}

static void propose(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	const Liandan__AmendmentProposed *b = v->e->amendment_proposed;
	const size_t n = liandan__amendment_proposed__get_packed_size(b);
	uint8_t *bytes = malloc(n);

	if (bytes == NULL)
		abort();
	liandan__amendment_proposed__pack(b, bytes);
	m->proposal = liandan__amendment_proposed__unpack(NULL, n, bytes);
	free(bytes);
	if (m->proposal == NULL)
		abort();
	memcpy(m->proposal_hash, v->hash, sizeof m->proposal_hash);
	m->proposal_due_ms = v->at_ms + AMENDMENT_MS;
	nv_copy(m->agreed[0], v->by->party);
	m->n_agreed = 1;
	m->n_waits = asked(m, b, v->by->party, m->waits);
	if (m->n_waits == 0 || nv->wrong == NV_AMENDS_ALONE)
		take_effect(nv, m);
}

static void agree(struct nv *nv, struct nv_manifest *m, const struct nv_event *v)
{
	size_t n = 0;

	if (!v->e->amendment_agreed->agrees) {
		nv_drop_proposal(m);
		return;
	}
	nv_copy(m->agreed[m->n_agreed++], v->by->party);
	for (size_t i = 0; i < m->n_waits; i++)
		if (strcmp(m->waits[i], v->by->party) != 0)
			memmove(m->waits[n++], m->waits[i], NV_ID);
	m->n_waits = n;
	if (n == 0)
		take_effect(nv, m);
}

void nv_apply_amend(struct nv *nv, const struct nv_event *v)
{
	if (v->e->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED)
		propose(nv, nv_find(nv, v->e->amendment_proposed->manifest), v);
	else if (v->e->body_case == LIANDAN__EVENT__BODY_AMENDMENT_AGREED)
		agree(nv, nv_find(nv, v->e->amendment_agreed->manifest), v);
}
