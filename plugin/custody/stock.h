/* Stock's own vocabulary, shared by what judges it and what applies it. */
#ifndef LD_CUSTODY_STOCK_H
#define LD_CUSTODY_STOCK_H

#include "plugin/custody/custody.h"

/* Waste that comes into being: from production, or as a residue of a treatment. Strings are only
 * read. */
struct ld_bringing {
	const char *party;
	const char *site;
	const char *code;
	Liandan__CodeSystem code_system;
	const char *container; /* "": bulk */
	const char *batch;
	int64_t mass_g;
};
/* Books it and makes its container. A container id that is in use stays what it is: the mass is
 * booked as bulk. */
enum ld_err ld_stock_bring(struct ld_custody *c, const struct ld_bringing *in, uint64_t index);

enum ld_err ld_treated_apply(struct ld_custody *c, const struct ld_fact *f,
			     const Liandan__WasteTreated *w);

/* Which catalogue a code is of, by its form: 900-041-49, 900-001-S17, 010304. UNSPECIFIED: none. */
Liandan__CodeSystem ld_code_system_of(const char *code);

/* Bulk of a manifest's line: what was accepted less what its containers took and what went on. */
int64_t ld_line_bulk_g(const Custody__Manifest *m, const Liandan__Line *line);
/* What of the manifest is accepted as bulk, not treated yet and still here, in grams. */
int64_t ld_manifest_bulk_left_g(const Custody__Manifest *m);

/* Walks the untreated bulk of a manifest in line order and hands out `mass_g` of it: calls fn with
 * each code's share. What exceeds the bulk falls on the last line. */
typedef enum ld_err (*ld_bulk_fn)(void *ctx, const char *code, int64_t mass_g);
enum ld_err ld_manifest_bulk_take(const Custody__Manifest *m, int64_t mass_g, ld_bulk_fn fn,
				  void *ctx);

#endif
