/* Stock's own vocabulary, shared by what judges it and what applies it. */
#ifndef LD_CUSTODY_STOCK_H
#define LD_CUSTODY_STOCK_H

#include "plugin/custody/custody.h"
#include "plugin/custody/lineage.h"

/* Waste that comes into being: from production, as a residue of a treatment, or out of a
 * repacking. Strings and origins are only read. */
struct ld_bringing {
	const char *party;
	const char *site;
	const char *code;
	Liandan__CodeSystem code_system;
	const char *container; /* "": bulk */
	const char *batch;
	int64_t mass_g;
	int64_t errors_g, own_g; /* loss.h */
	/* of a repacking: what its inputs were booked out as is given back, and its container
	 * stands in the store */
	bool repacked;
	const char *generator; /* NULL: the party */
	Custody__Origin *const *origins;
	size_t n_origins;
	ProtobufCBinaryData came_by; /* all of it came by this manifest */
};
/* Books it, makes its container, and the container's edge from the batch. A container id that is
 * in use stays what it is: the mass is booked as bulk. */
enum ld_err ld_stock_bring(struct ld_custody *c, const struct ld_bringing *in, uint64_t index);

/* One input of a treatment or a repacking: a container, else bulk of a manifest, of a batch, or of
 * a code. */
struct ld_input {
	const char *container, *batch, *code;
	ProtobufCBinaryData manifest;
	int64_t mass_g;
};
size_t ld_inputs(const Liandan__Event *e);
struct ld_input ld_input_at(const Liandan__Event *e, size_t i);
int64_t ld_inputs_g(const Liandan__Event *e);

/* Grams that came by manifests, summed by manifest. */
struct ld_origin {
	uint8_t manifest[LD_UUID_BYTES];
	int64_t mass_g;		    /* all of them */
	int64_t bulk_g;		    /* of these in bulk */
	int64_t short_g, process_g; /* of that bulk: its share of what is missing, and lost */
};
struct ld_origins {
	struct ld_origin *of; /* in the arena */
	size_t n, cap;
	bool full; /* some did not find room */
};
/* false: the arena is full. */
bool ld_origins_init(struct ld_custody *c, struct ld_origins *o, size_t cap);
/* Adds what `mass_g` of the container came by. */
void ld_origins_of_container(struct ld_origins *o, const Custody__Container *k, int64_t mass_g);
/* The container holds so much less; its origins in proportion. The record is not put. */
void ld_container_shed(Custody__Container *k, int64_t mass_g);
void ld_origins_of_bulk(struct ld_origins *o, ProtobufCBinaryData manifest, int64_t mass_g);

/* The inputs of a treatment or a repacking leave the stock: booked as treated, or as lost until the
 * outputs give it back. Containers, manifests' bulk, and the genealogy up to the batch follow. */
struct ld_outflow {
	const char *site;     /* of bulk that only a code names */
	struct ld_node batch; /* what it all goes into */
	bool repacked;
	int64_t short_g, process_g; /* missing of it, and said to be lost in treatment: shared out
				       over the inputs */
	struct ld_origins origins;  /* filled */
	int64_t in_g;		    /* filled: all inputs */
	/* filled: who generated what was in the containers; several: not one and the same */
	char generator[LD_MAX_ID_BYTES + 1];
	bool several;
};
enum ld_err ld_inputs_leave(struct ld_custody *c, const struct ld_fact *f, struct ld_outflow *o);

/* That much of manifests is gone, not treated: it leaves their clocks as well. Apply side. */
enum ld_err ld_manifests_gone(struct ld_custody *c, const struct ld_fact *f,
			      const struct ld_origins *o);
/* Edges from the party's batches that are booked to a new one; its mass where it is one alone. */
enum ld_err ld_batches_from(struct ld_custody *c, const struct ld_fact *f,
			    const struct ld_node *batch, char *const *from, size_t n,
			    int64_t mass_g);

/* Grams of its containers are bulk at the receiver: repacked into it, or accepted of a container
 * that has left on another manifest. The record is not put. Apply side. */
enum ld_err ld_manifest_unpack(struct ld_custody *c, Custody__Manifest *m, const char *code,
			       int64_t mass_g);

enum ld_err ld_treated_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteTreated *w);
enum ld_err ld_released_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__ContainerReleased *r);
enum ld_err ld_repacked_apply(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__StockRepacked *r);
enum ld_err ld_counted_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__StockCounted *n);

/* A container takes part in no manifest and is in the party's stock at the site; site NULL: at
 * any. */
bool ld_container_stands(const Custody__Container *k, const char *party, const char *site);

/* Which catalogue a code is of, by its form: 900-041-49, 900-001-S17, 010304. UNSPECIFIED: none. */
Liandan__CodeSystem ld_code_system_of(const char *code);

/* Bulk of a manifest's line: what was accepted less what its containers took and what went on. */
int64_t ld_line_bulk_g(const Custody__Manifest *m, const Liandan__Line *line);
/* What of the manifest is bulk at the receiver, not treated or repacked yet and still here, in
 * grams. */
int64_t ld_manifest_bulk_left_g(const Custody__Manifest *m);

/* Walks the untreated bulk of a manifest in line order and hands out `mass_g` of it: calls fn with
 * each code's share: of the lines, then of what was unpacked. What exceeds it all falls on the last
 * code. */
typedef enum ld_err (*ld_bulk_fn)(void *ctx, const char *code, int64_t mass_g);
enum ld_err ld_manifest_bulk_take(const Custody__Manifest *m, int64_t mass_g, ld_bulk_fn fn,
				  void *ctx);

#endif
