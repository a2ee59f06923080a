/* The mark beside `state`: may the file be trusted after the last end of its writer? Private to
 *store/.
 *
 * <dir>/state/mark is one line, replaced by rename and synced:
 *	clean LF		synced and closed
 *	open <boot id> LF	a writer has it open, or died; what it committed is whole as long as
 *the kernel of that boot id runs */
#ifndef LD_STORE_STATE_MARK_H
#define LD_STORE_STATE_MARK_H

#include <stdbool.h>

#include "proto/err.h"

bool ld_state_mark_trusted(const char *path);
enum ld_err ld_state_mark_open(const char *path);
enum ld_err ld_state_mark_clean(const char *path);

#endif
