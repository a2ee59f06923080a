/* What goes into a treatment or a repacking, as its checks see it: each input where it stands, and
 * what leaves each stock in sum. Judge's side only. */
#ifndef LD_CUSTODY_DRAIN_H
#define LD_CUSTODY_DRAIN_H

#include "plugin/custody/stock.h"
#include "plugin/custody/table.h"

/* A treatment with more kinds of waste than this is summed as far as it goes; apply books every
 * gram in any case. */
#define LD_MAX_DRAINS 64

struct ld_drain {
	char party[LD_MAX_ID_BYTES + 1];
	char site[LD_MAX_ID_BYTES + 1];
	char code[LD_MAX_ID_BYTES + 1];
	int64_t mass_g;
};

/* ld_check_inputs_stand leaves them in k->found. */
struct ld_drains {
	struct ld_drain of[LD_MAX_DRAINS];
	size_t n;
	int64_t in_g; /* all inputs */
	/* hazardous waste of whose production; several: not of one and the same party */
	char generator[LD_MAX_ID_BYTES + 1];
	bool several;
	/* Bulk of one manifest, over a run of inputs that name it: up to 1,000 of them, and it may
	 * have as many items. */
	uint8_t manifest[LD_UUID_BYTES];
	int64_t bulk_g; /* -1: none at hand */
};

/* Waste of this code is hazardous, as its catalogue says. */
bool ld_code_hazardous(const char *code);
/* A waste by its code and, where somebody has said them, its letters (Hazard bits; 0: those that
 * the catalogue leaves no choice of). */
struct ld_waste {
	const char *code;
	uint32_t hazards;
};
/* Two wastes of different categories that must not come together, as far as their letters tell: a
 * reactive one (R) with a corrosive one (C), or with an ignitable one (I) unless it is that itself;
 * an infectious one (In) with one that is not. Source: Law article 81; 医疗废物管理条例 article 14;
 * the pairs of R are a default. */
bool ld_wastes_clash(const struct ld_waste *a, const struct ld_waste *b);

/* What stock-taking found: STOCK_IMBALANCE (M10). */
void ld_counted_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);

#endif
