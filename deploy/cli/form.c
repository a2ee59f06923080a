#include "deploy/cli/form.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"

#define COLUMN(key, zh, in) {#key, zh},
const struct ld_column ld_form_columns[] = {LD_FORM_COLUMNS(COLUMN)};
#undef COLUMN
const size_t ld_form_n = sizeof(ld_form_columns) / sizeof(ld_form_columns[0]);

static bool concerns(const struct ld_form *f, ProtobufCBinaryData id)
{
	return id.len == LD_UUID_BYTES && memcmp(id.data, f->id, LD_UUID_BYTES) == 0;
}

static void keep(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from);
}

#define KEEP(to, from) keep((to), sizeof(to), (from))

static void note_taken(struct ld_form *f, const struct ld_effect *e,
		       const Liandan__HandoverTaken *b)
{
	struct ld_form_leg *leg;

	if (b->leg == 0 || b->leg > LD_MAX_CARRIERS)
		return;
	leg = &f->legs[b->leg - 1];
	if (b->leg > f->n_legs)
		f->n_legs = b->leg;
	KEEP(leg->carrier, e->fact->signer->party);
	KEEP(leg->driver, b->driver[0] != '\0' ? b->driver : e->fact->signer->subject_id);
	KEEP(leg->plate, b->plate);
	leg->taken_ms = e->fact->event->occurred_at_ms;
	if (b->leg == 1)
		f->handover_ms = leg->taken_ms;
}

static void note_verdict(struct ld_form *f, const struct ld_effect *e, bool significant,
			 const char *opinion)
{
	KEEP(f->receiver_handler, e->fact->signer->subject_id);
	KEEP(f->opinion, opinion);
	f->significant = significant;
}

void ld_form_part(struct ld_form *child, const struct ld_form *parent, const struct ld_effect *e)
{
	uint8_t id[LD_UUID_BYTES];

	if (e->fact->event->body_case == LIANDAN__EVENT__BODY_REDIRECTED) {
		KEEP(child->generator_handler, e->fact->signer->subject_id);
		return;
	}
	memcpy(id, child->id, sizeof(id));
	*child = *parent;
	memcpy(child->id, id, sizeof(id));
}

void ld_form_note(struct ld_form *f, const struct ld_effect *e)
{
	const Liandan__Event *ev = e->fact->event;

	switch (ev->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		if (concerns(f, ev->manifest_sealed->manifest))
			KEEP(f->generator_handler, e->fact->signer->subject_id);
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		if (concerns(f, ev->handover_taken->child.len != 0 ? ev->handover_taken->child
								   : ev->handover_taken->manifest))
			note_taken(f, e, ev->handover_taken);
		break;
	case LIANDAN__EVENT__BODY_ARRIVED:
		for (size_t i = 0; i < ev->arrived->n_manifests; i++)
			if (concerns(f, ev->arrived->manifests[i]))
				f->arrival_ms = ev->occurred_at_ms;
		break;
	case LIANDAN__EVENT__BODY_RECEIVED:
		if (concerns(f, ev->received->manifest)) {
			KEEP(f->receiver_handler, e->fact->signer->subject_id);
			f->received_ms = ev->occurred_at_ms;
		}
		break;
	case LIANDAN__EVENT__BODY_ACCEPTED:
		if (concerns(f, ev->accepted->manifest))
			note_verdict(f, e, ev->accepted->significant, ev->accepted->opinion);
		break;
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		if (concerns(f, ev->partly_accepted->manifest))
			note_verdict(f, e, ev->partly_accepted->significant,
				     ev->partly_accepted->opinion);
		break;
	case LIANDAN__EVENT__BODY_REJECTED:
		if (concerns(f, ev->rejected->manifest))
			note_verdict(f, e, true, ev->rejected->text);
		break;
	default:
		break;
	}
}

/* ---- rows ---- */

static const struct {
	uint32_t bit;
	const char *letter;
} hazard_letters[] = {
    {LIANDAN__HAZARD__HAZARD_T, "T"},	{LIANDAN__HAZARD__HAZARD_C, "C"},
    {LIANDAN__HAZARD__HAZARD_I, "I"},	{LIANDAN__HAZARD__HAZARD_R, "R"},
    {LIANDAN__HAZARD__HAZARD_IN, "In"},
};
#define N_HAZARDS (sizeof(hazard_letters) / sizeof(hazard_letters[0]))

static const char *enum_word(const ProtobufCEnumDescriptor *d, int value, const char *prefix)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
	const size_t n = strlen(prefix);

	if (v == NULL)
		return "";
	return strncmp(v->name, prefix, n) == 0 ? v->name + n : v->name;
}

static void line_cells(cJSON *row, const Custody__Manifest *m, const Liandan__Line *l)
{
	char hazards[32] = "";
	const int64_t sealed = ld_items_of_line_g(m->items, m->n_items, l->line);

	ld_sheet_number(row, "line", l->line);
	ld_sheet_set(row, "code", l->code);
	ld_sheet_set(row, "trade_name", l->trade_name);
	ld_sheet_set(row, "catalogue_name", l->catalogue_name);
	ld_sheet_set(row, "components", l->components);
	for (size_t i = 0; i < N_HAZARDS; i++)
		if (l->hazards & hazard_letters[i].bit)
			snprintf(hazards + strlen(hazards), sizeof(hazards) - strlen(hazards),
				 "%s%s", hazards[0] != '\0' ? "," : "", hazard_letters[i].letter);
	ld_sheet_set(row, "hazards", hazards);
	if (l->form != LIANDAN__FORM__FORM_UNSPECIFIED)
		ld_sheet_set(row, "form",
			     enum_word(&liandan__form__descriptor, (int)l->form, "FORM_"));
	if (l->package != LIANDAN__PACKAGE__PACKAGE_UNSPECIFIED)
		ld_sheet_set(row, "package",
			     enum_word(&liandan__package__descriptor, (int)l->package, "PACKAGE_"));
	if (l->count != 0)
		ld_sheet_number(row, "count", l->count);
	ld_sheet_set(row, "mode", l->mode);
	ld_sheet_tonnes(row, "mass_t", sealed != 0 ? sealed : ld_line_declared_g(l));
	for (size_t i = 0; i < m->n_accepted; i++)
		if (m->accepted[i]->line == l->line) {
			ld_sheet_tonnes(row, "accepted_t", m->accepted[i]->mass_g);
			ld_sheet_set(row, "accepted_mode", m->accepted[i]->mode);
		}
}

static void party_name(struct ld_custody *c, cJSON *row, const char *key, const char *id)
{
	Custody__Party *p;

	if (ld_party_get(c, id, &p) == LD_OK)
		ld_sheet_set(row, key, p->registered->name);
}

/* One place for each carrier, so that the second one's licence is not taken for the first one's. */
static void licence_cell(const Custody__Manifest *m, cJSON *row)
{
	char text[LD_MAX_CARRIERS * (LD_MAX_ID_BYTES + 2) + 1] = "";
	bool any = false;

	for (size_t i = 0; i < m->created->n_carriers && i < LD_MAX_CARRIERS; i++) {
		const char *licence = m->created->carriers[i]->licence;
		const size_t n = strlen(text);

		any |= licence[0] != '\0';
		snprintf(text + n, sizeof(text) - n, "%s%.*s", i != 0 ? "; " : "", LD_MAX_ID_BYTES,
			 licence);
	}
	if (any)
		ld_sheet_set(row, "carrier_licences", text);
}

static void carrier_cells(const struct ld_form *f, const Custody__Manifest *m, cJSON *row)
{
	for (size_t i = 0; i < f->n_legs; i++) {
		cJSON *time = cJSON_CreateObject();

		ld_sheet_add(row, "carriers", f->legs[i].carrier);
		ld_sheet_add(row, "drivers", f->legs[i].driver);
		ld_sheet_add(row, "plates", f->legs[i].plate);
		cJSON_AddStringToObject(time, "t", "");
		ld_sheet_time(time, "t", f->legs[i].taken_ms);
		ld_sheet_add(row, "departures",
			     cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(time, "t")));
		cJSON_Delete(time);
	}
	for (size_t i = 0; f->n_legs == 0 && i < m->created->n_carriers; i++)
		ld_sheet_add(row, "carriers", m->created->carriers[i]->party);
	licence_cell(m, row);
}

static void manifest_cells(const struct ld_form *f, struct ld_custody *c,
			   const Custody__Manifest *m, cJSON *row)
{
	const Liandan__ManifestCreated *b = m->created;
	char hex[2 * LD_UUID_BYTES + 1];

	ld_hex_encode(f->id, LD_UUID_BYTES, hex);
	ld_sheet_set(row, "manifest", hex);
	ld_sheet_set(row, "number", m->number);
	ld_sheet_set(
	    row, "kind",
	    enum_word(&liandan__manifest_kind__descriptor, (int)b->kind, "MANIFEST_KIND_"));
	ld_sheet_set(row, "state",
		     enum_word(&custody__manifest_state__descriptor, (int)m->state, ""));
	ld_sheet_set(row, "generator", b->generator);
	party_name(c, row, "generator_name", b->generator);
	ld_sheet_set(row, "site", b->site);
	ld_sheet_set(row, "generator_handler", f->generator_handler);
	ld_sheet_set(row, "phone", b->phone);
	ld_sheet_set(row, "emergency", b->emergency);
	ld_sheet_time(row, "handover_time", f->handover_ms);
	carrier_cells(f, m, row);
	for (size_t i = 0; i < b->n_places; i++)
		ld_sheet_add(row, "places", b->places[i]);
	ld_sheet_set(row, "destination", b->receiver->site);
	ld_sheet_time(row, "arrival_time", f->arrival_ms);
	ld_sheet_set(row, "receiver", b->receiver->party);
	party_name(c, row, "receiver_name", b->receiver->party);
	ld_sheet_set(row, "receiver_licence", b->receiver->licence);
	ld_sheet_set(row, "receiver_handler", f->receiver_handler);
	ld_sheet_time(row, "received_time", f->received_ms);
	ld_sheet_set(row, "opinion", f->opinion);
	if (m->accepted_ms != 0 || m->rejected != 0)
		ld_sheet_set(row, "significant", f->significant ? "yes 是" : "no 否");
}

void ld_form_rows(const struct ld_form *f, struct ld_custody *c, struct ld_sheet *sheet)
{
	const ProtobufCBinaryData id = {.len = LD_UUID_BYTES, .data = (uint8_t *)(uintptr_t)f->id};
	Custody__Manifest *m;

	if (ld_manifest_get(c, id, &m) != LD_OK)
		return;
	for (size_t i = 0; i < m->created->n_lines; i++) {
		cJSON *row = ld_sheet_row(sheet);

		if (row == NULL)
			return;
		manifest_cells(f, c, m, row);
		line_cells(row, m, m->created->lines[i]);
	}
}
