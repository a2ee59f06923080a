#include "plugin/broker/topic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ld_topic_root_init(struct ld_topic_root *root, const char *region)
{
	snprintf(root->text, sizeof root->text, "waste/v1/%s/", region);
	root->len = strlen(root->text);
}

const char *ld_topic_below(const struct ld_topic_root *root, const char *topic)
{
	if (!topic || strncmp(topic, root->text, root->len) != 0)
		return NULL;
	return topic + root->len;
}

/* The level at *at into out; *at moves behind it. */
static bool take_id(const char **at, char out[LD_MAX_ID_BYTES + 1])
{
	size_t len = strcspn(*at, "/");

	if (len == 0 || len > LD_MAX_ID_BYTES)
		return false;
	memcpy(out, *at, len);
	out[len] = 0;
	*at += len;
	return true;
}

bool ld_topic_in(const struct ld_topic_root *root, const char *topic,
		 char party[LD_MAX_ID_BYTES + 1], char device[LD_MAX_ID_BYTES + 1])
{
	const char *at = ld_topic_below(root, topic);

	if (!at || at[0] != 'i' || at[1] != '/')
		return false;
	at += 2;
	if (!take_id(&at, party) || *at++ != '/')
		return false;
	return take_id(&at, device) && *at == 0;
}

bool ld_topic_query(const struct ld_topic_root *root, const char *topic,
		    char verb[LD_TOPIC_VERB_BYTES])
{
	static const char branch[] = "query/";
	const char *at = ld_topic_below(root, topic);

	if (!at || strncmp(at, branch, sizeof branch - 1) != 0)
		return false;
	at += sizeof branch - 1;
	size_t len = strlen(at);
	if (len == 0 || len >= LD_TOPIC_VERB_BYTES || strchr(at, '/'))
		return false;
	memcpy(verb, at, len + 1);
	return true;
}

bool ld_topic_is_own_reply(const struct ld_topic_root *root, const char *client_id,
			   const char *topic)
{
	const char *at = ld_topic_below(root, topic);
	size_t id_len = strlen(client_id);

	if (!at || strlen(topic) >= LD_MAX_TOPIC_BYTES || strpbrk(topic, "+#"))
		return false;
	if (strncmp(at, "q/", 2) != 0 || strncmp(at + 2, client_id, id_len) != 0)
		return false;
	at += 2 + id_len;
	return at[0] == '/' && at[1] != 0;
}

bool ld_topic_make(const struct ld_topic_root *root, char *out, size_t cap, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (root->len >= cap)
		return false;
	memcpy(out, root->text, root->len);
	va_start(ap, fmt);
	n = vsnprintf(out + root->len, cap - root->len, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < cap - root->len;
}

void ld_topic_level(const char *text, char *out, size_t cap)
{
	size_t n = 0;

	for (; text && *text && n + 1 < cap; text++) {
		unsigned char ch = (unsigned char)*text;
		bool bad = ch < 0x20 || ch == 0x7f || ch == '/' || ch == '+' || ch == '#';
		out[n++] = bad ? '_' : *text;
	}
	/* A cut in the middle of a UTF-8 sequence would make the topic invalid. */
	if (text && *text)
		while (n > 0 && ((unsigned char)*text & 0xc0) == 0x80) {
			n--;
			text--;
		}
	if (n == 0)
		out[n++] = '_';
	out[n] = 0;
}
