#include "plugin/broker/session.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384u /* a power of two */

struct ends {
	struct ld_session *oldest, *newest;
};

struct ld_sessions {
	size_t max, n, n_online;
	size_t sweep;
	struct ends here, away;
	struct ld_session *bucket[BUCKETS];
};

/* FNV-1a. Client ids are enrolled by the authority before they get here: nobody chooses them to
 * collide. */
static size_t bucket_of(const char *id)
{
	uint32_t h = 2166136261u;

	for (; *id; id++)
		h = (h ^ (unsigned char)*id) * 16777619u;
	return h & (BUCKETS - 1);
}

static struct ends *ends_of(struct ld_sessions *t, const struct ld_session *s)
{
	return s->online ? &t->here : &t->away;
}

static void list_add(struct ends *e, struct ld_session *s)
{
	s->older = e->newest;
	s->newer = NULL;
	if (e->newest)
		e->newest->newer = s;
	else
		e->oldest = s;
	e->newest = s;
}

static void list_drop(struct ends *e, struct ld_session *s)
{
	if (s->older)
		s->older->newer = s->newer;
	else
		e->oldest = s->newer;
	if (s->newer)
		s->newer->older = s->older;
	else
		e->newest = s->older;
}

struct ld_sessions *ld_sessions_new(size_t max)
{
	struct ld_sessions *t = calloc(1, sizeof *t);

	if (t)
		t->max = max;
	return t;
}

void ld_sessions_free(struct ld_sessions *t)
{
	if (!t)
		return;
	while (t->here.oldest)
		ld_sessions_forget(t, t->here.oldest);
	while (t->away.oldest)
		ld_sessions_forget(t, t->away.oldest);
	free(t);
}

struct ld_session *ld_sessions_find(struct ld_sessions *t, const char *client_id)
{
	struct ld_session *s;

	if (!client_id)
		return NULL;
	s = t->bucket[bucket_of(client_id)];
	while (s && strcmp(s->client_id, client_id) != 0)
		s = s->chain;
	return s;
}

struct ld_session *ld_sessions_of(struct ld_sessions *t, const char *client_id, const void *client)
{
	struct ld_session *s = ld_sessions_find(t, client_id);

	return s && s->client == client ? s : NULL;
}

void ld_sessions_forget(struct ld_sessions *t, struct ld_session *s)
{
	struct ld_session **at = &t->bucket[bucket_of(s->client_id)];

	while (*at != s)
		at = &(*at)->chain;
	*at = s->chain;
	list_drop(ends_of(t, s), s);
	t->n--;
	if (s->online)
		t->n_online--;
	free(s);
}

static struct ld_session *make(struct ld_sessions *t, const char *client_id)
{
	struct ld_session *s;
	size_t b = bucket_of(client_id);

	if (t->n >= t->max && t->away.oldest)
		ld_sessions_forget(t, t->away.oldest);
	if (t->n >= t->max)
		return NULL;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	memcpy(s->client_id, client_id, strlen(client_id) + 1);
	s->chain = t->bucket[b];
	t->bucket[b] = s;
	t->n++;
	list_add(&t->away, s);
	return s;
}

static void set_online(struct ld_sessions *t, struct ld_session *s, bool online)
{
	list_drop(ends_of(t, s), s);
	t->n_online = t->n_online + (online ? 1u : 0u) - (s->online ? 1u : 0u);
	s->online = online;
	list_add(ends_of(t, s), s);
}

struct ld_session *ld_sessions_open(struct ld_sessions *t, const char *client_id,
				    const void *client, const struct ld_identity *identity,
				    bool bridge)
{
	struct ld_session *s = ld_sessions_find(t, client_id);

	if (!client_id || strlen(client_id) > LD_MAX_CLIENT_ID_BYTES)
		return NULL;
	if (!s)
		s = make(t, client_id);
	if (!s)
		return NULL;
	s->client = client;
	s->identity = *identity;
	s->bridge = bridge;
	set_online(t, s, true);
	return s;
}

void ld_sessions_leave(struct ld_sessions *t, const char *client_id, const void *client)
{
	struct ld_session *s = ld_sessions_of(t, client_id, client);

	if (s)
		set_online(t, s, false);
}

size_t ld_sessions_online(const struct ld_sessions *t)
{
	return t->n_online;
}

size_t ld_sessions_count(const struct ld_sessions *t)
{
	return t->n;
}

void ld_sessions_sweep(struct ld_sessions *t, bool all, void (*fn)(void *ctx, struct ld_session *s),
		       void *ctx)
{
	for (size_t i = 0; i < (all ? BUCKETS : BUCKETS / LD_SWEEP_PARTS); i++) {
		struct ld_session *s = t->bucket[t->sweep], *next;
		t->sweep = (t->sweep + 1) & (BUCKETS - 1);
		for (; s; s = next) {
			next = s->chain;
			fn(ctx, s);
		}
	}
}
