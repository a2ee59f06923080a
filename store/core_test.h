/* Seams for tests of what happens when the disk fails. Nothing but tests includes this. */
#ifndef LD_STORE_CORE_TEST_H
#define LD_STORE_CORE_TEST_H

#include "store/core.h"

/* The next `times` commits return rc (an errno or MDB_ value). persisted: the disk has them
 * nevertheless, only the answer was an error. */
void ld_core_test_fail_commit(struct ld_core *core, int rc, bool persisted, unsigned times);
/* Bytes that the map has now. */
size_t ld_core_test_map_bytes(struct ld_core *core);

#endif
