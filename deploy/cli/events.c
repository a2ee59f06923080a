#include "deploy/cli/events.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/json.h"

static bool add_event(cJSON *array, cJSON *event, const char *path, size_t number, char *why,
		      size_t cap)
{
	char where[512];
	snprintf(where, sizeof(where), "%s:%zu", path, number);
	if (!cJSON_IsObject(event)) {
		snprintf(why, cap, "%s: an event is a JSON object", where);
		cJSON_Delete(event);
		return false;
	}
	if (cJSON_GetArraySize(array) >= LD_EVENTS_MAX) {
		snprintf(why, cap, "%s: more than %d events in one run", where, LD_EVENTS_MAX);
		cJSON_Delete(event);
		return false;
	}
	cJSON_AddStringToObject(event, "_where", where);
	cJSON_AddItemToArray(array, event);
	return true;
}

/* JSON lines: number is the line's. */
static enum ld_err read_lines(const char *path, char *text, cJSON *array, char *why, size_t cap)
{
	size_t number = 0;
	for (char *line = text; line;) {
		char *end = strchr(line, '\n');
		if (end)
			*end = '\0';
		number++;
		if (line[strspn(line, " \t\r")] != '\0') {
			cJSON *event = cJSON_Parse(line);
			if (!event) {
				snprintf(why, cap, "%s:%zu: not JSON near: %.40s", path, number,
					 line);
				return LD_ERR_MALFORMED;
			}
			if (!add_event(array, event, path, number, why, cap))
				return LD_ERR_MALFORMED;
		}
		line = end ? end + 1 : NULL;
	}
	return LD_OK;
}

static enum ld_err read_array(const char *path, cJSON *list, cJSON *array, char *why, size_t cap)
{
	for (size_t number = 1; list->child; number++) {
		cJSON *event = cJSON_DetachItemViaPointer(list, list->child);
		if (!add_event(array, event, path, number, why, cap))
			return LD_ERR_MALFORMED;
	}
	return LD_OK;
}

enum ld_err ld_events_read(const char *path, cJSON *array, char *why, size_t cap)
{
	char *text = NULL;
	size_t len = 0;
	const char *end = NULL;
	enum ld_err err = ld_file_read(path, &text, &len, why, cap);
	if (err != LD_OK)
		return err;
	if (memchr(text, '\0', len)) {
		snprintf(why, cap, "%s: not a text file", path);
		free(text);
		return LD_ERR_MALFORMED;
	}
	cJSON *whole = cJSON_ParseWithOpts(text, &end, 0);
	if (whole && end[strspn(end, " \t\r\n")] != '\0') { /* more than one value: JSON lines */
		cJSON_Delete(whole);
		whole = NULL;
	}
	if (!whole) {
		err = read_lines(path, text, array, why, cap);
	} else if (cJSON_IsArray(whole)) {
		err = read_array(path, whole, array, why, cap);
		cJSON_Delete(whole);
	} else {
		err = add_event(array, whole, path, 1, why, cap) ? LD_OK : LD_ERR_MALFORMED;
	}
	free(text);
	return err;
}

/* ---- labels ---- */

enum ld_err ld_labels_add(struct ld_labels *labels, const char *name,
			  const uint8_t hash[LD_HASH_BYTES])
{
	if (labels->n == labels->room) {
		size_t room = labels->room ? labels->room * 2 : 16;
		struct ld_label *more = realloc(labels->item, room * sizeof(*more));
		if (!more)
			return LD_ERR_NOMEM;
		labels->item = more;
		labels->room = room;
	}
	char *copy = strdup(name);
	if (!copy)
		return LD_ERR_NOMEM;
	labels->item[labels->n].name = copy;
	memcpy(labels->item[labels->n].hash, hash, LD_HASH_BYTES);
	labels->n++;
	return LD_OK;
}

const uint8_t *ld_labels_find(const struct ld_labels *labels, const char *name)
{
	for (size_t i = labels->n; i > 0; i--) /* the latest of a name */
		if (strcmp(labels->item[i - 1].name, name) == 0)
			return labels->item[i - 1].hash;
	return NULL;
}

void ld_labels_free(struct ld_labels *labels)
{
	for (size_t i = 0; i < labels->n; i++)
		free(labels->item[i].name);
	free(labels->item);
	memset(labels, 0, sizeof(*labels));
}

/* Every string value that is "$label" of a known label becomes "hex:<event hash>". cJSON bounds the
 * depth. */
static bool resolve(cJSON *json, const struct ld_labels *labels)
{
	for (cJSON *child = json->child; child; child = child->next) {
		if (!resolve(child, labels))
			return false;
		if (!cJSON_IsString(child) || child->valuestring[0] != '$')
			continue;
		const uint8_t *hash = ld_labels_find(labels, child->valuestring + 1);
		char text[4 + 2 * LD_HASH_BYTES + 1] = "hex:";
		if (!hash)
			continue;
		ld_hex_encode(hash, LD_HASH_BYTES, text + 4);
		char *copy = cJSON_malloc(sizeof(text));
		if (!copy)
			return false;
		memcpy(copy, text, sizeof(text));
		cJSON_free(child->valuestring);
		child->valuestring = copy;
	}
	return true;
}

const char *ld_event_where(const cJSON *item)
{
	const char *where = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "_where"));
	return where ? where : "event";
}

/* Members that are the file's and not the event's. They are taken out for the conversion and put
 * back. */
static const char *const own_members[] = {"_where", "label", "key_file"};
#define N_OWN_MEMBERS (sizeof(own_members) / sizeof(own_members[0]))

enum ld_err ld_event_of(cJSON *item, const struct ld_labels *labels, struct ld_arena *arena,
			Liandan__Event **out, const char **label, const char **key_file, char *why,
			size_t cap)
{
	cJSON *kept[N_OWN_MEMBERS];
	struct ld_json_fault fault = {"", ""};
	ProtobufCMessage *message = NULL;
	if (!resolve(item, labels))
		return LD_ERR_NOMEM;
	for (size_t i = 0; i < N_OWN_MEMBERS; i++)
		kept[i] = cJSON_DetachItemFromObjectCaseSensitive(item, own_members[i]);
	enum ld_err err = ld_json_to(item, &liandan__event__descriptor, arena, &message, &fault);
	for (size_t i = 0; i < N_OWN_MEMBERS; i++)
		if (kept[i])
			cJSON_AddItemToObject(item, own_members[i], kept[i]);
	if (err != LD_OK) {
		snprintf(why, cap, "%s: %s: %s", ld_event_where(item),
			 fault.path[0] ? fault.path : "event",
			 fault.what[0] ? fault.what : ld_err_text(err));
		return err;
	}
	*out = (Liandan__Event *)message;
	if ((*out)->body_case == LIANDAN__EVENT__BODY__NOT_SET) {
		snprintf(why, cap, "%s: the event has no body (such as \"manifest_created\")",
			 ld_event_where(item));
		return LD_ERR_MALFORMED;
	}
	*label = cJSON_GetStringValue(kept[1]);
	*key_file = cJSON_GetStringValue(kept[2]);
	return LD_OK;
}

enum ld_err ld_events_check(const cJSON *array, struct ld_arena *arena, char *why, size_t cap)
{
	static const uint8_t any[LD_HASH_BYTES];
	struct ld_labels labels = {0};
	enum ld_err err = LD_OK;
	for (const cJSON *item = array->child; item && err == LD_OK; item = item->next) {
		Liandan__Event *event;
		const char *label = NULL, *key_file;
		cJSON *copy = cJSON_Duplicate(item, true);
		ld_arena_reset(arena);
		err = copy ? ld_event_of(copy, &labels, arena, &event, &label, &key_file, why, cap)
			   : LD_ERR_NOMEM;
		if (err == LD_OK && label)
			err = ld_labels_add(&labels, label, any);
		if (err == LD_ERR_NOMEM)
			snprintf(why, cap, "%s: out of memory", ld_event_where(item));
		cJSON_Delete(copy);
	}
	ld_labels_free(&labels);
	return err;
}

enum ld_err ld_event_enrol(Liandan__Event *event, const char *key_file, struct ld_arena *arena,
			   struct ld_key **key, char *why, size_t cap)
{
	size_t len;
	if (event->body_case != LIANDAN__EVENT__BODY_KEY_ENROLLED) {
		snprintf(why, cap, "\"key_file\" belongs beside \"key_enrolled\"");
		return LD_ERR_ARG;
	}
	enum ld_err err = ld_key_file(key_file, key, why, cap);
	if (err != LD_OK)
		return err;
	Liandan__KeyEnrolled *e = event->key_enrolled;
	const uint8_t *spki = ld_key_spki(*key, &len);
	e->algorithm = ld_key_algorithm(*key);
	e->spki.data = ld_arena_dup(arena, spki, len);
	e->spki.len = e->spki.data ? len : 0;
	return e->spki.data ? LD_OK : LD_ERR_NOMEM;
}

static const char *field_name(const ProtobufCMessageDescriptor *type, unsigned number)
{
	const ProtobufCFieldDescriptor *f =
	    number ? protobuf_c_message_descriptor_get_field(type, number) : NULL;
	return f ? f->name : "?";
}

const char *ld_body_name(const Liandan__Event *event)
{
	return field_name(&liandan__event__descriptor, (unsigned)event->body_case);
}

const char *ld_own_name(const Liandan__OwnEvent *own)
{
	return field_name(&liandan__own_event__descriptor, (unsigned)own->body_case);
}
