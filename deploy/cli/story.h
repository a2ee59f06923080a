/* What an entry means, in a line: the masses, plates and names that a reader of a manifest's
 * history looks for. */
#ifndef LD_CLI_STORY_H
#define LD_CLI_STORY_H

#include "deploy/cli/book.h"

/* Prints one or more indented lines about the entry's body; nothing where there is nothing to add.
 */
void ld_story_print(const struct ld_leaf *leaf);
/* The stock events among them (story_stock.c): generated, stored, released, repacked, treated,
 * counted, lost. */
void ld_story_stock(const Liandan__Event *e);
/* Analyses, discrepancies, paper, amendments and a pipeline's days (story_finding.c). */
void ld_story_finding(const Liandan__Event *e);
#define LD_STORY_INDENT "            "
/* "sealed 封存: 8 items, 7800.000 kg"; nothing where there are none. */
void ld_story_items(const char *what, Liandan__Item *const *items, size_t n);
/* Kilograms with three decimals from grams into out[32]. */
void ld_mass_text(int64_t grams, char out[32]);

#endif
