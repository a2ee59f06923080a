/* A5: what a facility has generated before. Table SKIM, 'f', (party), (site), facility -> "": it
 * has generated waste of the hazardous catalogue. */
#ifndef LD_CUSTODY_FACILITY_H
#define LD_CUSTODY_FACILITY_H

#include "plugin/custody/custody.h"
#include "plugin/custody/tables.h"

/* Nothing is known of a facility that is not named. */
bool ld_facility_was_hazardous(struct ld_custody *c, const char *party,
			       const Liandan__WasteGenerated *w);
enum ld_err ld_facility_note(struct ld_custody *c, const char *party,
			     const Liandan__WasteGenerated *w);

#endif
