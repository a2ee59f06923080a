/* An honest small trade for tests: a generator, three carriers, two receivers, their sites, trucks,
 * scales and keys; and events of it, ready to be sent, which a test changes where it wants them
 * wrong. How an event is sent is the test's: in process, or through a broker.
 *
 *   trade_found(&t, &world);            the registry, in process, by the authority
 *   t.must = …; t.ctx = …;              how to send what must be ACCEPTED
 *   trade_begin(&t);                    a new manifest id, new names; all events before are gone
 *   trade_to_sealed(&t);                sends what comes before
 *   e = trade_offered(&t, 1, "haul");   an event; valid until the next trade_begin */
#ifndef LD_TESTS_TRADE_H
#define LD_TESTS_TRADE_H

#include "tests/support/world.h"

#define TRADE_CODE "900-041-49" /* T, In: any of them */
#define TRADE_DRUM_G 100000
#define TRADE_BULK_G 500003

struct trade {
	struct world *world;
	/* Sends; the event must be ACCEPTED. Leaves the event's hash in t->hash. */
	void (*must)(struct trade *t, struct signer *by, Liandan__Event *e);
	void *ctx;
	uint8_t hash[LD_HASH_BYTES];
	struct ld_arena arena;
	uint32_t n; /* manifests so far */
	uint32_t names;
	/* office: "gen"; d1, d2, dx: drivers of "haul", "haul2", "haulx"; own: a driver of "haul"
	 * who is the generator's clerk; pit: "pit"; yard: "pit" as generator; scale: in date;
	 * oldscale: never verified; t1, t2: terminals of trucks T1, T2 */
	struct signer office, d1, d2, dx, own, pit, yard, scale, oldscale, t1, t2, inspector;
	/* the manifest at hand */
	uint8_t id[LD_UUID_BYTES];
	uint8_t content[LD_HASH_BYTES];
	uint8_t offer[LD_HASH_BYTES];
	const Liandan__ManifestCreated *draft;
	char *drum;		       /* its container */
	char *batch;		       /* last batch named */
	uint8_t ticket[LD_UUID_BYTES]; /* last ticket named */
};

void trade_found(struct trade *t, struct world *w);
void trade_free(struct trade *t);
void trade_begin(struct trade *t);

/* A name that was not used before: "<prefix>-<n>". */
char *trade_name(struct trade *t, const char *prefix);
/* Memory with defaults until the next trade_begin. */
void *trade_dup(struct trade *t, const void *init, size_t len);
#define TRADE_NEW(t, Type, INIT) ((Type *)trade_dup((t), &(Type)INIT, sizeof(Type)))
/* An event around a body (whose member of the oneof is `CASE`). */
Liandan__Event *trade_event(struct trade *t, Liandan__Event__BodyCase which, void *body);
ProtobufCBinaryData trade_bytes(const void *data, size_t len);

/* Stock. container NULL: bulk. */
Liandan__Event *trade_generated(struct trade *t, const char *container, int64_t mass_g);
/* The manifest: one drum and bulk of TRADE_CODE, "gen" to "pit" by "haul" and "haul2". */
Liandan__Event *trade_created(struct trade *t);
Liandan__Event *trade_sealed(struct trade *t);
/* After a change of draft or items. */
void trade_content(struct trade *t, Liandan__ManifestSealed *b);
Liandan__Event *trade_offered(struct trade *t, uint32_t leg, const char *to);
Liandan__Event *trade_taken(struct trade *t, uint32_t leg, const char *plate, const char *driver);
Liandan__Event *trade_arrived(struct trade *t, const char *plate);
Liandan__Event *trade_received(struct trade *t);
Liandan__Event *trade_weighed(struct trade *t, const char *instrument, int64_t mass_g);
Liandan__Event *trade_accepted(struct trade *t);
Liandan__Event *trade_rejected(struct trade *t);
Liandan__Event *trade_cancelled(struct trade *t);
Liandan__Event *trade_withdrawn(struct trade *t);
Liandan__Event *trade_fix(struct trade *t, const char *plate, const char *terminal, int64_t t_ms,
			  double lat, double lon);

/* Sends everything up to and with that step. */
void trade_to_stock(struct trade *t);
void trade_to_draft(struct trade *t);
void trade_to_sealed(struct trade *t);
void trade_to_offered(struct trade *t);
void trade_to_taken(struct trade *t);
void trade_to_arrived(struct trade *t);
void trade_to_received(struct trade *t);
void trade_to_accepted(struct trade *t);

#endif
