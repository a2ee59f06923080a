#include "deploy/cli/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/custody/manifest.h"

static struct ld_content *find(const struct ld_contents *known, const uint8_t *id)
{
	for (size_t i = 0; i < known->n; i++)
		if (memcmp(known->item[i].id, id, LD_UUID_BYTES) == 0)
			return &known->item[i];
	return NULL;
}

static struct ld_content *find_or_add(struct ld_contents *known, const uint8_t *id)
{
	struct ld_content *c = find(known, id);
	if (c)
		return c;
	if (known->n == known->room) {
		size_t room = known->room ? known->room * 2 : 16;
		struct ld_content *more = realloc(known->item, room * sizeof(*more));
		if (!more)
			return NULL;
		known->item = more;
		known->room = room;
	}
	c = &known->item[known->n++];
	memset(c, 0, sizeof(*c));
	memcpy(c->id, id, LD_UUID_BYTES);
	return c;
}

void ld_contents_free(struct ld_contents *known)
{
	for (size_t i = 0; i < known->n; i++)
		free(known->item[i].created);
	free(known->item);
	memset(known, 0, sizeof(*known));
}

/* The bytes field of that name in the event's body; NULL where the body has none. */
static ProtobufCBinaryData *bytes_field(const Liandan__Event *event, const char *name)
{
	const ProtobufCFieldDescriptor *of = protobuf_c_message_descriptor_get_field(
	    &liandan__event__descriptor, (unsigned)event->body_case);
	if (!of || of->type != PROTOBUF_C_TYPE_MESSAGE)
		return NULL;
	char *body = *(char *const *)((const char *)event + of->offset);
	const ProtobufCFieldDescriptor *f =
	    protobuf_c_message_descriptor_get_field_by_name(of->descriptor, name);
	if (!body || !f || f->type != PROTOBUF_C_TYPE_BYTES ||
	    f->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	return (ProtobufCBinaryData *)(void *)(body + f->offset);
}

static enum ld_err set(ProtobufCBinaryData *field, const uint8_t *hash, struct ld_arena *arena)
{
	field->data = ld_arena_dup(arena, hash, LD_HASH_BYTES);
	field->len = field->data ? LD_HASH_BYTES : 0;
	return field->data ? LD_OK : LD_ERR_NOMEM;
}

struct fill {
	struct ld_contents *known;
	const uint8_t *id;
	struct ld_arena *arena;
	ld_manifest_ask ask;
	void *ctx;
	Custody__Manifest *asked; /* once */
	bool did_ask;
};

static Custody__Manifest *manifest_of(struct fill *f)
{
	if (!f->did_ask && f->ask)
		f->asked = f->ask(f->ctx, f->id, f->arena);
	f->did_ask = true;
	return f->asked;
}

/* CUSTODY-2: the hash over what was created and what is sealed. */
static enum ld_err fill_sealed(struct fill *f, Liandan__ManifestSealed *sealed)
{
	const struct ld_content *c = find(f->known, f->id);
	Liandan__ManifestCreated *created = NULL;
	uint8_t hash[LD_HASH_BYTES];
	if (!sealed->version)
		sealed->version = 1;
	if (c && c->created)
		created =
		    liandan__manifest_created__unpack(&f->arena->pb, c->created_len, c->created);
	else if (manifest_of(f))
		created = f->asked->created;
	if (!created)
		return LD_ERR_NOT_FOUND;
	enum ld_err err =
	    ld_manifest_content(f->arena, created, sealed->items, sealed->n_items, hash);
	return err == LD_OK ? set(&sealed->content, hash, f->arena) : err;
}

static enum ld_err fill_content(struct fill *f, ProtobufCBinaryData *field)
{
	const struct ld_content *c = find(f->known, f->id);
	if (c && c->sealed)
		return set(field, c->content, f->arena);
	if (!manifest_of(f) || f->asked->content.len != LD_HASH_BYTES)
		return LD_ERR_NOT_FOUND;
	return set(field, f->asked->content.data, f->arena);
}

static enum ld_err fill_offer(struct fill *f, ProtobufCBinaryData *field)
{
	const struct ld_content *c = find(f->known, f->id);
	if (c && c->offered)
		return set(field, c->offer, f->arena);
	if (!manifest_of(f) || !f->asked->offer || f->asked->offer->closed ||
	    f->asked->offer->event_hash.len != LD_HASH_BYTES)
		return LD_ERR_NOT_FOUND;
	return set(field, f->asked->offer->event_hash.data, f->arena);
}

enum ld_err ld_content_fill(struct ld_contents *known, Liandan__Event *event, bool cosigned,
			    struct ld_arena *arena, ld_manifest_ask ask, void *ctx, char *why,
			    size_t cap)
{
	const ProtobufCBinaryData *id = bytes_field(event, "manifest");
	ProtobufCBinaryData *content = bytes_field(event, "content");
	ProtobufCBinaryData *offer = bytes_field(event, "offer");
	struct fill f = {.known = known, .arena = arena, .ask = ask, .ctx = ctx};
	enum ld_err err = LD_OK;
	if (!id || id->len != LD_UUID_BYTES)
		return LD_OK; /* the gate will say so where one is required */
	f.id = id->data;
	if (content && !content->len)
		err = event->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED
			  ? fill_sealed(&f, event->manifest_sealed)
			  : fill_content(&f, content);
	if (err != LD_OK) {
		snprintf(
		    why, cap,
		    "`content` is missing, and neither this run nor the ledger knows what was %s",
		    event->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED ? "created"
									     : "sealed");
		return err;
	}
	if (offer && !offer->len && !cosigned)
		err = fill_offer(&f, offer);
	if (err != LD_OK)
		snprintf(why, cap,
			 "`offer` is missing, and there is no open offer of this manifest; "
			 "without one the giver must --cosign");
	return err;
}

enum ld_err ld_content_note(struct ld_contents *known, const Liandan__Event *event,
			    const uint8_t hash[LD_HASH_BYTES])
{
	const ProtobufCBinaryData *id = bytes_field(event, "manifest");
	if (!id || id->len != LD_UUID_BYTES)
		return LD_OK;
	struct ld_content *c = find_or_add(known, id->data);
	if (!c)
		return LD_ERR_NOMEM;
	if (event->body_case == LIANDAN__EVENT__BODY_MANIFEST_CREATED) {
		free(c->created);
		c->created_len =
		    liandan__manifest_created__get_packed_size(event->manifest_created);
		c->created = malloc(c->created_len + 1);
		if (!c->created)
			return LD_ERR_NOMEM;
		liandan__manifest_created__pack(event->manifest_created, c->created);
	} else if (event->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED &&
		   event->manifest_sealed->content.len == LD_HASH_BYTES) {
		c->sealed = true;
		memcpy(c->content, event->manifest_sealed->content.data, LD_HASH_BYTES);
	} else if (event->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED) {
		c->offered = true;
		memcpy(c->offer, hash, LD_HASH_BYTES);
	} else if (event->body_case == LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED ||
		   event->body_case == LIANDAN__EVENT__BODY_AMENDMENT_AGREED) {
		/* CUSTODY-20: what stands now, the ledger knows */
		free(c->created);
		c->created = NULL;
		c->sealed = false;
	}
	return LD_OK;
}
