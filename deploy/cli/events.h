/* Event files, as clerks and scripts write them: one event object, an array of them, or one a line,
 * in protobuf's JSON mapping (proto/json.h). Beside the event's own fields an object may have
 *
 *   "label": "offer"      a name for this event in this run; "$offer" elsewhere, as a whole value
 *                         of a bytes field, stands for its event hash
 *   "key_file": "x.pem"   with key_enrolled: the new key; cosigns, and fills spki and algorithm
 *
 * Must never sign or send: it only reads. */
#ifndef LD_CLI_EVENTS_H
#define LD_CLI_EVENTS_H

#include "deploy/cli/cli.h"
#include "liandan/event.pb-c.h"
#include "proto/arena.h"

#define LD_EVENTS_MAX 100000 /* in one run */

/* Appends the event objects of a file to `array` (a cJSON array). A member "_where" ("file:3") is
 * added to each. */
enum ld_err ld_events_read(const char *path, cJSON *array, char *why, size_t cap);

/* Event hashes by label. Zero-initialised; ld_labels_free. */
struct ld_labels {
	struct ld_label {
		char *name;
		uint8_t hash[LD_HASH_BYTES];
	} * item;
	size_t n, room;
};
enum ld_err ld_labels_add(struct ld_labels *labels, const char *name,
			  const uint8_t hash[LD_HASH_BYTES]);
const uint8_t *ld_labels_find(const struct ld_labels *labels, const char *name);
void ld_labels_free(struct ld_labels *labels);

/* One event object made into a message in the arena. Labels are replaced in the object. *label and
 * *key_file point into `item`, NULL where there is none. why: "file:3:
 * manifest_created.lines[0]...: ...". */
enum ld_err ld_event_of(cJSON *item, const struct ld_labels *labels, struct ld_arena *arena,
			Liandan__Event **out, const char **label, const char **key_file, char *why,
			size_t cap);
/* Reads every event of the array once, as ld_event_of would, without keeping anything: a typo in
 * the last one is found before the first one is signed. Labels must be set before they are used. */
enum ld_err ld_events_check(const cJSON *array, struct ld_arena *arena, char *why, size_t cap);
/* A key_enrolled with a "key_file": fills spki and algorithm from the new key, which is the
 * caller's to free and must cosign. LD_ERR_ARG beside any other body. */
enum ld_err ld_event_enrol(Liandan__Event *event, const char *key_file, struct ld_arena *arena,
			   struct ld_key **key, char *why, size_t cap);
/* "registry.json:3", for messages. */
const char *ld_event_where(const cJSON *item);

/* "manifest_created": the body's name; "?" without a body. */
const char *ld_body_name(const Liandan__Event *event);
const char *ld_own_name(const Liandan__OwnEvent *own);

#endif
