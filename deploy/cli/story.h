/* What an entry means, in a line: the masses, plates and names that a reader of a manifest's
 * history looks for. */
#ifndef LD_CLI_STORY_H
#define LD_CLI_STORY_H

#include "deploy/cli/book.h"

/* Prints one or more indented lines about the entry's body; nothing where there is nothing to add.
 */
void ld_story_print(const struct ld_leaf *leaf);
/* Kilograms with three decimals from grams into out[32]. */
void ld_mass_text(int64_t grams, char out[32]);

#endif
