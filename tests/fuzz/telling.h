/* Between story*.c: who says what, and the goods that it is about. */
#ifndef LD_TESTS_FUZZ_TELLING_H
#define LD_TESTS_FUZZ_TELLING_H

#include "tests/fuzz/story.h"

#define S(text) ((char *)(uintptr_t)(text))
#define MASS_G 5000000

/* Plays and keeps an event; its hash. cosigner 0: none. */
const uint8_t *fz_say(struct fz_story *s, enum fz_key by, enum fz_key cosigner, Liandan__Event *e);
#define SAY_CO(s, by, co, NAME, member, body)                                                      \
	fz_say(s, by, (enum fz_key)(co),                                                           \
	       &(Liandan__Event){.base = PROTOBUF_C_MESSAGE_INIT(&liandan__event__descriptor),     \
				 .delegation = S((s)->delegation),                                 \
				 .note = S(""),                                                    \
				 .body_case = LIANDAN__EVENT__BODY_##NAME,                         \
				 {.member = (body)}})
#define SAY(s, by, NAME, member, body) SAY_CO(s, by, 0, NAME, member, body)

/* One drum of one line on manifest 1, from gen's works to rec's plant by car (and car2). */
struct goods {
	Liandan__Quantity quantity;
	Liandan__Line line;
	Liandan__Line *lines[1];
	Liandan__Item item, bulk;
	Liandan__Item *items[2];
	size_t n_items;
	uint8_t content[LD_HASH_BYTES];
	uint8_t offer[LD_HASH_BYTES];
	uint8_t gross[LD_UUID_BYTES], tare[LD_UUID_BYTES];
	ProtobufCBinaryData tickets[2];
	ProtobufCBinaryData manifests[1];
	enum fz_key clerk; /* who speaks for the generator */
	bool piped;	   /* no carrier is named */
};
ProtobufCBinaryData fz_manifest(uint8_t n); /* its id: this byte sixteen times */
ProtobufCBinaryData fz_hash(const uint8_t hash[LD_HASH_BYTES]);
void fz_goods(struct goods *g);
void fz_generated(struct fz_story *s, struct goods *g, const char *batch, const char *container,
		  int64_t mass_g);
void fz_created(struct fz_story *s, struct goods *g);
void fz_sealed(struct fz_story *s, struct goods *g);
void fz_offered(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
		uint32_t leg, const char *to);
void fz_taken(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
	      uint32_t leg, const char *plate);
void fz_track(struct fz_story *s, int32_t lat_e7, int32_t lon_e7);
void fz_arrived(struct fz_story *s, ProtobufCBinaryData manifest, enum fz_key by, const char *plate,
		const char *site);
void fz_received(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
		 const char *site);
void fz_weighed(struct fz_story *s, struct goods *g, size_t ticket, int64_t mass_g);
void fz_accepted(struct fz_story *s, struct goods *g, ProtobufCBinaryData manifest, enum fz_key by,
		 int64_t mass_g);

/* story*.c */
void fz_tell_road(struct fz_story *s);
void fz_tell_parts(struct fz_story *s);
void fz_tell_stock(struct fz_story *s);
void fz_tell_rights(struct fz_story *s);
void fz_tell_amendment(struct fz_story *s);
void fz_tell_pipeline(struct fz_story *s);

#endif
