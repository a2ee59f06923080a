/* The fields that an amendment may change: where each stands, what it is, how it is set.
 * CUSTODY-20. */
#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/stock.h"

static const struct ld_amend_field fields[] = {
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MASS, LD_OF_LINE, true},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_COUNT, LD_OF_LINE, true},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_CODE, LD_OF_LINE, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_HAZARDS, LD_OF_LINE, true},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MODE, LD_OF_LINE, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_TRADE_NAME, LD_OF_LINE, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_COMPONENTS, LD_OF_LINE, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_EMERGENCY, LD_OF_DRAFT, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_PHONE, LD_OF_DRAFT, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_CONTRACT, LD_OF_DRAFT, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ARRIVAL, LD_OF_DRAFT, true},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_RECEIVER, LD_OF_DRAFT, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_CARRIER, LD_OF_LEG, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_PLATE, LD_OF_TAKING, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_DRIVER, LD_OF_TAKING, false},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_MASS, LD_OF_ACCEPTANCE, true},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_COUNT, LD_OF_ACCEPTANCE, true},
    {LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_MODE, LD_OF_ACCEPTANCE, false},
};

const struct ld_amend_field *ld_amend_field(Liandan__AmendmentField field)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (fields[i].field == field)
			return &fields[i];
	return NULL;
}

struct ld_amend_receiver ld_amend_receiver_of(const char *text)
{
	const char *slash = strchr(text, '/');
	const size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct ld_amend_receiver r = {"", ""};

	if (n <= LD_MAX_ID_BYTES && (slash == NULL || strlen(slash + 1) <= LD_MAX_ID_BYTES)) {
		memcpy(r.party, text, n);
		r.party[n] = '\0';
		if (slash != NULL)
			memcpy(r.site, slash + 1, strlen(slash + 1) + 1);
	}
	return r;
}

static Liandan__Line *line_of(const Custody__Manifest *m, uint32_t line)
{
	for (size_t i = 0; i < m->created->n_lines; i++)
		if (m->created->lines[i]->line == line)
			return m->created->lines[i];
	return NULL;
}

/* Of a line that was accepted once. */
static Liandan__AcceptedLine *accepted_of(const Custody__Manifest *m, uint32_t line)
{
	Liandan__AcceptedLine *l = NULL;

	if (m->accepted_ms == 0 || line_of(m, line) == NULL)
		return NULL;
	for (size_t i = 0; i < m->n_accepted; i++) {
		if (m->accepted[i]->line != line)
			continue;
		if (l != NULL)
			return NULL;
		l = m->accepted[i];
	}
	return l;
}

static Liandan__Carrier *carrier_of(const Custody__Manifest *m, uint32_t leg, const char *party)
{
	for (size_t i = 0; i < m->created->n_carriers; i++)
		if (m->created->carriers[i]->order == leg &&
		    strcmp(m->created->carriers[i]->party, party) == 0)
			return m->created->carriers[i];
	return NULL;
}

bool ld_amend_there(const Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	const struct ld_amend_field *d = ld_amend_field(ch->field);

	if (d == NULL)
		return false;
	switch (d->of) {
	case LD_OF_LINE:
		return line_of(m, ch->line) != NULL;
	case LD_OF_LEG:
		return carrier_of(m, ch->line, ch->old_text) != NULL;
	case LD_OF_TAKING:
		return ch->line == 0 && m->leg != 0;
	case LD_OF_ACCEPTANCE:
		return accepted_of(m, ch->line) != NULL;
	case LD_OF_DRAFT:
	default:
		return ch->line == 0;
	}
}

/* Where the number, or the text, of this field stands. */
struct place {
	int64_t number;
	char **text;
};

static struct place on_line(Liandan__Line *l, Liandan__AmendmentField field)
{
	switch ((int)field) {
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MASS:
		return (struct place){ld_line_declared_g(l), NULL};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_COUNT:
		return (struct place){l->count, NULL};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_HAZARDS:
		return (struct place){l->hazards, NULL};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_CODE:
		return (struct place){0, &l->code};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MODE:
		return (struct place){0, &l->mode};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_TRADE_NAME:
		return (struct place){0, &l->trade_name};
	default:
		return (struct place){0, &l->components};
	}
}

static struct place on_acceptance(Liandan__AcceptedLine *l, Liandan__AmendmentField field)
{
	switch ((int)field) {
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_MASS:
		return (struct place){l->mass_g, NULL};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_COUNT:
		return (struct place){l->count, NULL};
	default:
		return (struct place){0, &l->mode};
	}
}

static struct place on_draft(Liandan__ManifestCreated *b, Liandan__AmendmentField field)
{
	switch ((int)field) {
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ARRIVAL:
		return (struct place){b->arrival_ms, NULL};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_EMERGENCY:
		return (struct place){0, &b->emergency};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_PHONE:
		return (struct place){0, &b->phone};
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_CONTRACT:
		return (struct place){0, &b->contract};
	default:
		return (struct place){0, &b->receiver->party};
	}
}

/* Of what is there (ld_amend_there). */
static struct place place_of(Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	switch (ld_amend_field(ch->field)->of) {
	case LD_OF_LINE:
		return on_line(line_of(m, ch->line), ch->field);
	case LD_OF_LEG:
		return (struct place){0, &carrier_of(m, ch->line, ch->old_text)->party};
	case LD_OF_TAKING:
		return (struct place){
		    0, ch->field == LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_PLATE ? &m->plate
										    : &m->driver};
	case LD_OF_ACCEPTANCE:
		return on_acceptance(accepted_of(m, ch->line), ch->field);
	case LD_OF_DRAFT:
	default:
		return on_draft(m->created, ch->field);
	}
}

static bool receiver_stands(const Custody__Manifest *m, const char *text)
{
	const struct ld_amend_receiver r = ld_amend_receiver_of(text);

	return strcmp(m->created->receiver->party, r.party) == 0 &&
	       (r.site[0] == '\0' || strcmp(m->created->receiver->site, r.site) == 0);
}

bool ld_amend_stands(const Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	struct place p;

	if (!ld_amend_there(m, ch))
		return false;
	if (ch->field == LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_RECEIVER)
		return receiver_stands(m, ch->old_text);
	p = place_of((Custody__Manifest *)(uintptr_t)m, ch);
	return p.text != NULL ? strcmp(*p.text, ch->old_text) == 0 : p.number == ch->old_number;
}

bool ld_amend_carries_on(const Custody__Manifest *m)
{
	return m->created->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL &&
	       (m->created->kind != LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD ||
		m->created->n_parents != 0);
}

/* ---- setting ---- */

/* The form shows the unit: kilograms and tonnes follow the grams, other units stay as they were
 * said. */
static void set_mass(Liandan__Line *l, int64_t mass_g)
{
	Liandan__Quantity *q = l->quantity;

	if (q == NULL)
		return;
	q->mass_g = mass_g;
	if (q->value_milli != 0 && q->unit == LIANDAN__UNIT__UNIT_KILOGRAM)
		q->value_milli = mass_g;
	if (q->value_milli != 0 && q->unit == LIANDAN__UNIT__UNIT_TONNE)
		q->value_milli = mass_g / 1000;
}

/* What has not gone on with others, over the items in order, in proportion, so that grams add
 * exactly. */
static void share_mass(Custody__Manifest *m, uint32_t line, int64_t declared_g)
{
	const int64_t mass_g = ld_sub_g(declared_g, ld_line_passed_g(m, line));
	const int64_t total = ld_items_of_line_g(m->items, m->n_items, line);
	int64_t before = 0;

	for (size_t i = 0; i < m->n_items; i++) {
		Liandan__Item *item = m->items[i];
		const int64_t old_g = item->mass_g;

		if (item->line != line)
			continue;
		item->mass_g = ld_share_g(before, old_g, total, mass_g);
		before = ld_add_g(before, old_g);
	}
}

static void set_number(Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	const int64_t v = ch->new_number;

	switch ((int)ch->field) {
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_MASS:
		share_mass(m, ch->line, v);
		set_mass(line_of(m, ch->line), v);
		break;
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_COUNT:
		line_of(m, ch->line)->count = (uint32_t)v;
		break;
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_HAZARDS:
		line_of(m, ch->line)->hazards = (uint32_t)v;
		break;
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ARRIVAL:
		m->created->arrival_ms = v;
		break;
	case LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_ACCEPTED_MASS:
		accepted_of(m, ch->line)->mass_g = v;
		break;
	default:
		accepted_of(m, ch->line)->count = (uint32_t)v;
		break;
	}
}

/* Another receiver has another licence; without a site it works at the same one. */
static enum ld_err set_receiver(struct ld_custody *c, Custody__Manifest *m, const char *text)
{
	const struct ld_amend_receiver r = ld_amend_receiver_of(text);
	Liandan__Receiver *to = m->created->receiver;
	char *party = ld_c_str(c, r.party);
	char *site = r.site[0] != '\0' ? ld_c_str(c, r.site) : to->site;

	if (party == NULL || site == NULL)
		return LD_ERR_NOMEM;
	to->party = party;
	to->site = site;
	to->licence = (char *)protobuf_c_empty_string;
	return LD_OK;
}

static void set_text(Custody__Manifest *m, const Liandan__AmendmentChange *ch)
{
	char **text = place_of(m, ch).text;

	if (ch->field == LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_LINE_CODE)
		line_of(m, ch->line)->code_system = ld_code_system_of(ch->new_text);
	if (ch->field == LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_CARRIER)
		carrier_of(m, ch->line, ch->old_text)->licence = (char *)protobuf_c_empty_string;
	*text = ch->new_text;
}

enum ld_err ld_amend_set(struct ld_custody *c, Custody__Manifest *m,
			 const Liandan__AmendmentChange *ch)
{
	const struct ld_amend_field *d = ld_amend_field(ch->field);

	if (!ld_amend_there(m, ch))
		return LD_OK;
	if (ch->field == LIANDAN__AMENDMENT_FIELD__AMENDMENT_FIELD_RECEIVER)
		return set_receiver(c, m, ch->new_text);
	if (d->number)
		set_number(m, ch);
	else
		set_text(m, ch);
	return LD_OK;
}
