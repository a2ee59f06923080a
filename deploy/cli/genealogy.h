/* Where a container, a batch or a manifest came from and what became of it: its neighbours in the
 * genealogy (plugin/custody/lineage.h) up and down, the manifests that a container was on, and
 * every entry that names it or changed it; as of any past index. Reads only. */
#ifndef LD_CLI_GENEALOGY_H
#define LD_CLI_GENEALOGY_H

#include "deploy/cli/replayed.h"
#include "plugin/custody/lineage.h"

#define LD_KIN_DEPTH_MAX 64	 /* steps away */
#define LD_KIN_COUNT_MAX 10000	 /* in one direction */
#define LD_KIN_ENTRIES_MAX 10000 /* about one node */

/* One step, in the order in which a tree is read: a node's own neighbours follow it, deeper by one.
 */
struct ld_kin {
	struct ld_node node;
	int64_t mass_g; /* that went from one to the other */
	uint64_t entry; /* last one that added to it */
	unsigned depth; /* 1: next to where tracing began */
	bool again;	/* shown further up: not followed a second time */
	bool more;	/* it has neighbours that are beyond the depth asked for */
};

struct ld_kin_list {
	struct ld_kin *of;
	size_t n, room;
	bool cut; /* the count was reached */
};

/* A container on a manifest: entry `first` bound it, `last` is the last before it was off again or
 * of the ledger as it was asked for. */
struct ld_ride {
	uint8_t manifest[LD_UUID_BYTES];
	uint64_t first, last;
	bool moved; /* it was under way on it */
};

struct ld_genealogy {
	/* asked for */
	struct ld_node start;
	uint64_t upto; /* entries of the ledger that count */
	unsigned depth;
	size_t count;
	/* found; freed with ld_genealogy_free */
	cJSON *record; /* of state, or NULL: the ledger knows no such node */
	struct ld_kin_list up, down;
	struct ld_ride *ride;
	size_t n_rides, rides_room;
	uint64_t *entry; /* ascending, each once */
	size_t n_entries, entries_room;
	bool entries_cut;
};

/* LD_ERR_NOMEM; LD_ERR_CORRUPT and others of the files. */
enum ld_err ld_genealogy_read(struct ld_book *book, struct ld_genealogy *g);
/* Only g->up and g->down, from the state as it stands. */
enum ld_err ld_genealogy_family(struct ld_custody *c, struct ld_genealogy *g);
void ld_genealogy_free(struct ld_genealogy *g);

/* Prints it: entries as `liandan trace` of a manifest does, then (JSON) one object with the rest.
 * Names of signers from the book's state, where it has one. */
void ld_genealogy_tell(struct ld_cli *cli, struct ld_book *book, const struct ld_genealogy *g);
/* "container 容器", and so on. */
const char *ld_node_word(enum ld_node_kind kind);

#endif
