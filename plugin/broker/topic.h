/* Topics as text: which branch, whose. Knows no broker and no registry; decides nothing.
 * Source: PROTOCOL, Topics. */
#ifndef LD_BROKER_TOPIC_H
#define LD_BROKER_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/limits.h"

#define LD_TOPIC_VERB_BYTES 16

struct ld_topic_root {
	char text[LD_MAX_ID_BYTES + 16]; /* "waste/v1/<region>/" */
	size_t len;
};

void ld_topic_root_init(struct ld_topic_root *root, const char *region);
/* What follows the root, or NULL when the topic is not below it. */
const char *ld_topic_below(const struct ld_topic_root *root, const char *topic);
/* <root>i/<party>/<device> with ids of 1 to 64 bytes and nothing more. */
bool ld_topic_in(const struct ld_topic_root *root, const char *topic,
		 char party[LD_MAX_ID_BYTES + 1], char device[LD_MAX_ID_BYTES + 1]);
/* <root>query/<verb> */
bool ld_topic_query(const struct ld_topic_root *root, const char *topic,
		    char verb[LD_TOPIC_VERB_BYTES]);
/* May an answer to this client go there: <root>q/<client id>/<more>, no wildcards, not too long? */
bool ld_topic_is_own_reply(const struct ld_topic_root *root, const char *client_id,
			   const char *topic);
/* out = root + text of the format; false when it does not fit into cap. */
bool ld_topic_make(const struct ld_topic_root *root, char *out, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* One level of a topic from any text: '/', '+', '#' and control bytes become '_', empty becomes
 * "_". */
void ld_topic_level(const char *text, char *out, size_t cap);

#endif
