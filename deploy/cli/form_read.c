/* The form's first part, read: rows of text become drafts. Takes hostile input; nothing is guessed.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/client.h"
#include "deploy/cli/csv.h"
#include "deploy/cli/form.h"
#include "deploy/cli/signer.h"
#include "proto/base64.h"
#include "proto/json.h"

#define MAX_TONNES 1000000 /* a manifest of more is a typing error */

#define IN_ENUM(key, zh, in) IN_##key,
enum in_column { LD_FORM_COLUMNS(IN_ENUM) IN_COLUMNS };
#undef IN_ENUM
#define IN_HOW(key, zh, in) in,
static const enum ld_form_in how[] = {LD_FORM_COLUMNS(IN_HOW)};
#undef IN_HOW

struct reading {
	const char *cell[IN_COLUMNS]; /* of the row at hand; "" where it is not there */
	uint32_t line;		      /* of the text */
	cJSON *events, *created;      /* the draft that rows go on */
	char key[3 * LD_MAX_STRING_BYTES];
	uint64_t last_line;
	char *why;
	size_t cap;
};

static enum ld_err bad(struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static enum ld_err bad(struct reading *r, const char *fmt, ...)
{
	const int n = snprintf(r->why, r->cap, "line %" PRIu32 ": ", r->line);
	va_list ap;

	va_start(ap, fmt);
	if (n > 0 && (size_t)n < r->cap)
		vsnprintf(r->why + n, r->cap - (size_t)n, fmt, ap);
	va_end(ap);
	return LD_ERR_MALFORMED;
}

/* Column heads may be "code", "废物代码" or, as export writes them, "code 废物代码". */
static int column_of(const char *head)
{
	for (size_t i = 0; i < ld_form_n; i++) {
		const size_t n = strlen(ld_form_columns[i].key);

		if (strcmp(head, ld_form_columns[i].key) == 0 ||
		    strcmp(head, ld_form_columns[i].zh) == 0 ||
		    (strncmp(head, ld_form_columns[i].key, n) == 0 && head[n] == ' ' &&
		     strcmp(head + n + 1, ld_form_columns[i].zh) == 0))
			return (int)i;
	}
	return -1;
}

/* Tonnes with up to six decimals, exact grams. */
static bool grams_of(const char *text, int64_t *g)
{
	int64_t whole = 0, part = 0, scale = 1000000;
	size_t n = 0;

	for (; isdigit((unsigned char)*text); text++, n++)
		if ((whole = whole * 10 + (*text - '0')) > MAX_TONNES)
			return false;
	if (n == 0)
		return false;
	if (*text == '.') {
		text++;
		for (n = 0; isdigit((unsigned char)*text) && n < 6; text++, n++) {
			scale /= 10;
			part += (*text - '0') * scale;
		}
		if (n == 0)
			return false;
	}
	*g = whole * 1000000 + part;
	return *text == '\0' && *g > 0;
}

/* "T,I" or "T/In" into bits. */
static bool hazards_of(const char *text, uint32_t *bits)
{
	static const struct {
		const char *letter;
		uint32_t bit;
	} known[] = {{"T", LIANDAN__HAZARD__HAZARD_T},
		     {"C", LIANDAN__HAZARD__HAZARD_C},
		     {"In", LIANDAN__HAZARD__HAZARD_IN},
		     {"I", LIANDAN__HAZARD__HAZARD_I},
		     {"R", LIANDAN__HAZARD__HAZARD_R}};

	*bits = 0;
	while (*text != '\0') {
		size_t i = 0, n = strcspn(text, ",/ ;");

		while (i < sizeof(known) / sizeof(known[0]) &&
		       (strlen(known[i].letter) != n || strncmp(text, known[i].letter, n) != 0))
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return false;
		*bits |= known[i].bit;
		text += n;
		text += strspn(text, ",/ ;");
	}
	return true;
}

static void add_text(struct reading *r, cJSON *o, const char *name, enum in_column column)
{
	if (r->cell[column][0] != '\0')
		cJSON_AddStringToObject(o, name, r->cell[column]);
}

/* A list written "a; b": a string each. empty: those that say nothing keep their place. */
static cJSON *split(const char *text, bool empty)
{
	cJSON *list = cJSON_CreateArray();

	while (*text != '\0') {
		size_t n = strcspn(text, ";"), end;
		char word[LD_MAX_STRING_BYTES + 1];

		while (n != 0 && *text == ' ')
			text++, n--;
		end = n;
		while (end != 0 && text[end - 1] == ' ')
			end--;
		if ((end != 0 || empty) && end < sizeof(word)) {
			memcpy(word, text, end);
			word[end] = '\0';
			cJSON_AddItemToArray(list, cJSON_CreateString(word));
		}
		text += n + (text[n] == ';');
	}
	return list;
}

static enum ld_err enum_text(struct reading *r, cJSON *o, const char *name,
			     const ProtobufCEnumDescriptor *d, const char *prefix,
			     enum in_column column)
{
	char full[64];

	if (r->cell[column][0] == '\0')
		return LD_OK;
	snprintf(full, sizeof(full), "%s%.40s", prefix, r->cell[column]);
	if (protobuf_c_enum_descriptor_get_value_by_name(d, full) == NULL)
		return bad(r, "%s: there is no %s", name, r->cell[column]);
	cJSON_AddStringToObject(o, name, full);
	return LD_OK;
}

static enum ld_err read_line(struct reading *r)
{
	cJSON *lines = cJSON_GetObjectItemCaseSensitive(r->created, "lines");
	cJSON *l = cJSON_CreateObject(), *q = cJSON_AddObjectToObject(l, "quantity");
	uint64_t number = r->last_line + 1, count;
	uint32_t hazards;
	int64_t g;

	cJSON_AddItemToArray(lines, l);
	if (r->cell[IN_line][0] != '\0' &&
	    (!ld_parse_u64(r->cell[IN_line], &number) || number == 0 || number > 1000))
		return bad(r, "line is %s", r->cell[IN_line]);
	r->last_line = number;
	cJSON_AddNumberToObject(l, "line", (double)number);
	const char *code = r->cell[IN_code];
	if (code[0] == '\0')
		return bad(r, "code is required");
	cJSON_AddStringToObject(l, "code_system",
				strchr(code, 'S') != NULL   ? "CODE_SYSTEM_CN_GENERAL"
				: strchr(code, '-') != NULL ? "CODE_SYSTEM_CN_HAZARDOUS"
							    : "CODE_SYSTEM_EWC");
	cJSON_AddStringToObject(l, "code", code);
	add_text(r, l, "trade_name", IN_trade_name);
	add_text(r, l, "catalogue_name", IN_catalogue_name);
	add_text(r, l, "components", IN_components);
	add_text(r, l, "mode", IN_mode);
	if (!hazards_of(r->cell[IN_hazards], &hazards))
		return bad(r, "hazards are T, C, I, R, In, not %s", r->cell[IN_hazards]);
	cJSON_AddNumberToObject(l, "hazards", hazards);
	if (r->cell[IN_count][0] != '\0') {
		if (!ld_parse_u64(r->cell[IN_count], &count) || count > UINT32_MAX)
			return bad(r, "count is %s", r->cell[IN_count]);
		cJSON_AddNumberToObject(l, "count", (double)count);
	}
	if (!grams_of(r->cell[IN_mass_t], &g))
		return bad(r, "mass_t is tonnes with up to six decimals, not \"%s\"",
			   r->cell[IN_mass_t]);
	cJSON_AddStringToObject(q, "unit", "UNIT_TONNE");
	ld_json_i64(q, "value_milli", g / 1000);
	ld_json_i64(q, "mass_g", g);
	cJSON_AddStringToObject(q, "basis", "BASIS_WEIGHED");
	enum ld_err err = enum_text(r, l, "form", &liandan__form__descriptor, "FORM_", IN_form);
	return err != LD_OK ? err
			    : enum_text(r, l, "package", &liandan__package__descriptor, "PACKAGE_",
					IN_package);
}

static enum ld_err begin(struct reading *r)
{
	cJSON *event = cJSON_CreateObject(), *receiver, *carriers, *names, *licences;
	uint8_t id[LD_UUID_BYTES];
	char hex[4 + 2 * LD_UUID_BYTES + 1] = "hex:";
	int order = 0;
	const cJSON *name;

	cJSON_AddItemToArray(r->events, event);
	r->created = cJSON_AddObjectToObject(event, "manifest_created");
	r->last_line = 0;
	if (r->cell[IN_manifest][0] == '\0')
		ld_uuid7(id);
	else if (ld_hex_decode(r->cell[IN_manifest], strlen(r->cell[IN_manifest]), id,
			       sizeof(id)) != LD_OK)
		return bad(r, "manifest is 32 hex digits, not %s", r->cell[IN_manifest]);
	ld_hex_encode(id, sizeof(id), hex + 4);
	cJSON_AddStringToObject(r->created, "manifest", hex);
	add_text(r, r->created, "number", IN_number);
	cJSON_AddStringToObject(r->created, "kind", "MANIFEST_KIND_NORMAL");
	if (r->cell[IN_generator][0] == '\0' || r->cell[IN_site][0] == '\0' ||
	    r->cell[IN_receiver][0] == '\0' || r->cell[IN_destination][0] == '\0' ||
	    r->cell[IN_carriers][0] == '\0')
		return bad(r, "generator, site, carriers, receiver and destination are required");
	if (r->cell[IN_kind][0] != '\0' && strcmp(r->cell[IN_kind], "NORMAL") != 0)
		return bad(r, "kind is NORMAL; a %s is no form of its own", r->cell[IN_kind]);
	if (r->cell[IN_state][0] != '\0' && strcmp(r->cell[IN_state], "DRAFT") != 0)
		return bad(r, "it is %s, no draft any more", r->cell[IN_state]);
	add_text(r, r->created, "generator", IN_generator);
	add_text(r, r->created, "site", IN_site);
	receiver = cJSON_AddObjectToObject(r->created, "receiver");
	add_text(r, receiver, "party", IN_receiver);
	add_text(r, receiver, "site", IN_destination);
	add_text(r, receiver, "licence", IN_receiver_licence);
	carriers = cJSON_AddArrayToObject(r->created, "carriers");
	names = split(r->cell[IN_carriers], false);
	licences = split(r->cell[IN_carrier_licences], true);
	cJSON_ArrayForEach(name, names)
	{
		cJSON *c = cJSON_CreateObject();
		const cJSON *licence = cJSON_GetArrayItem(licences, order);

		cJSON_AddItemToArray(carriers, c);
		cJSON_AddNumberToObject(c, "order", ++order);
		cJSON_AddStringToObject(c, "party", cJSON_GetStringValue(name));
		if (licence != NULL && cJSON_GetStringValue(licence)[0] != '\0')
			cJSON_AddStringToObject(c, "licence", cJSON_GetStringValue(licence));
	}
	cJSON_Delete(names);
	cJSON_Delete(licences);
	cJSON_AddArrayToObject(r->created, "lines");
	add_text(r, r->created, "phone", IN_phone);
	add_text(r, r->created, "emergency", IN_emergency);
	if (r->cell[IN_places][0] != '\0')
		cJSON_AddItemToObject(r->created, "places", split(r->cell[IN_places], false));
	return LD_OK;
}

/* Does the row go on with the manifest of the row before? */
static bool goes_on(struct reading *r, const char *key)
{
	uint64_t number = 0;

	if (r->created == NULL || strcmp(key, r->key) != 0)
		return false;
	return r->cell[IN_line][0] == '\0'
		   ? r->cell[IN_number][0] != '\0' || r->cell[IN_manifest][0] != '\0'
		   : ld_parse_u64(r->cell[IN_line], &number) && number > r->last_line;
}

static enum ld_err read_row(struct reading *r)
{
	char key[sizeof(r->key)];
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < IN_COLUMNS; i++)
		if (how[i] == LD_FORM_OTHERS && r->cell[i][0] != '\0')
			return bad(r, "%s is not the generator's to fill in",
				   ld_form_columns[i].key);
	snprintf(key, sizeof(key), "%s|%s|%s|%s|%s|%s|%s", r->cell[IN_manifest], r->cell[IN_number],
		 r->cell[IN_generator], r->cell[IN_site], r->cell[IN_receiver],
		 r->cell[IN_destination], r->cell[IN_carriers]);
	if (!goes_on(r, key))
		err = begin(r);
	memcpy(r->key, key, sizeof(key));
	return err == LD_OK ? read_line(r) : err;
}

/* Export writes what a spreadsheet would take for a formula behind an apostrophe. */
static const char *plain(const char *text)
{
	return text[0] == '\'' && ld_sheet_formula(text) ? text + 1 : text;
}

static enum ld_err read_csv(struct reading *r, const char *text, size_t len)
{
	struct ld_csv *csv = malloc(sizeof(*csv));
	int column[LD_CSV_MAX_FIELDS];
	size_t n = 0;
	enum ld_err err;

	if (csv == NULL)
		return LD_ERR_NOMEM;
	ld_csv_init(csv, text, len);
	err = ld_csv_next(csv, 0);
	r->line = csv->line;
	for (; err == LD_OK && n < csv->n; n++) {
		column[n] = column_of(csv->field[n]);
		if (column[n] < 0)
			err = bad(r, "there is no column \"%.60s\"", csv->field[n]);
		for (size_t k = 0; err == LD_OK && k < n; k++)
			if (column[k] == column[n])
				err = bad(r, "the column \"%.60s\" is there twice", csv->field[n]);
	}
	while (err == LD_OK && (err = ld_csv_next(csv, n)) == LD_OK) {
		r->line = csv->line;
		for (size_t i = 0; i < IN_COLUMNS; i++)
			r->cell[i] = "";
		for (size_t i = 0; i < n; i++)
			r->cell[column[i]] = plain(csv->field[i]);
		err = read_row(r);
	}
	r->line = csv->line;
	if (err == LD_ERR_NOT_FOUND)
		err = LD_OK;
	else if (err != LD_OK && r->why[0] == '\0')
		(void)bad(r, "%s", csv->what);
	free(csv);
	return err;
}

static enum ld_err read_object(struct reading *r, const cJSON *o)
{
	const cJSON *item;

	for (size_t i = 0; i < IN_COLUMNS; i++)
		r->cell[i] = "";
	cJSON_ArrayForEach(item, o)
	{
		const int column = column_of(item->string);

		if (column < 0)
			return bad(r, "there is no column \"%.60s\"", item->string);
		if (!cJSON_IsString(item))
			return bad(r, "%.60s must be a string", item->string);
		r->cell[column] = item->valuestring;
	}
	return read_row(r);
}

static enum ld_err read_json(struct reading *r, const char *text, size_t len)
{
	cJSON *array = cJSON_ParseWithLength(text, len);
	const cJSON *o;
	enum ld_err err = LD_OK;

	if (!cJSON_IsArray(array))
		err = bad(r, "a JSON array of objects is needed");
	if (err == LD_OK) {
		cJSON_ArrayForEach(o, array)
		{
			r->line++;
			err = cJSON_IsObject(o) ? read_object(r, o) : bad(r, "not an object");
			if (err != LD_OK)
				break;
		}
	}
	cJSON_Delete(array);
	return err;
}

enum ld_err ld_form_read(const char *text, size_t len, cJSON *events, char *why, size_t cap)
{
	struct reading r = {.events = events, .why = why, .cap = cap};
	size_t at = 0;

	if (cap != 0)
		why[0] = '\0';
	while (at < len && isspace((unsigned char)text[at]))
		at++;
	return at < len && text[at] == '[' ? read_json(&r, text, len) : read_csv(&r, text, len);
}
