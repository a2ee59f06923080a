/* Stock and mass balance 物料平衡: opening + generated + received - treated - shipped - recorded
 * loss = in stock, per party, site and waste code, for any period and at any past index of the
 * ledger. The figures are the state's own books (custody.Stock), lived through again; nothing is
 * booked here. Grams. CUSTODY: Stock and mass balance. */
#ifndef LD_CLI_BALANCE_H
#define LD_CLI_BALANCE_H

#include "deploy/cli/replayed.h"
#include "deploy/cli/sheet.h"

/* What the books say of one party, site and code. The counters are what the period moved; opening
 * and in stock are what stood at its ends. */
struct ld_balance_line {
	char party[LD_MAX_ID_BYTES + 1];
	char site[LD_MAX_ID_BYTES + 1];
	char code[LD_MAX_ID_BYTES + 1];
	int64_t opening_g, generated_g, received_g, treated_g, shipped_g, lost_g, in_stock_g;
	int64_t bound_g;      /* of in stock: bulk that is sealed on a manifest and not taken */
	int64_t contained_g;  /* of in stock: in containers, by the book */
	int64_t containers_g; /* what the containers that stand there hold */
	uint64_t entry;	      /* last one that moved it */
};

/* What stands between the lines: masses that do not agree with each other, or are in no stock. */
enum ld_balance_step {
	LD_BALANCE_BATCH, /* of a treatment or repacking, inputs - outputs - loss: nobody has said
			   * where it went */
	LD_BALANCE_ROAD,  /* taken - accepted - passed on: the loss that ManifestClosed records */
	LD_BALANCE_WAY,	  /* left its origin and has no end yet, at the period's end; of a pipeline
			   * what its meters differ by so far */
};
struct ld_balance_gap {
	enum ld_balance_step step;
	char party[LD_MAX_ID_BYTES + 1]; /* of a manifest: its generator */
	char site[LD_MAX_ID_BYTES + 1];
	char code[LD_MAX_ID_BYTES + 1];			    /* of a treatment: empty */
	char what[2 * LD_UUID_BYTES + LD_MAX_ID_BYTES + 1]; /* batch, or manifest in hex */
	int64_t mass_g;
	uint64_t entry;
};

struct ld_balance {
	/* asked for */
	const char *party, *site, *code; /* NULL: all */
	int64_t from_ms, to_ms;		 /* of when entries were recorded: [from, to) */
	uint64_t upto;			 /* entries of the ledger that count */
	/* hears of the same entries and effects, before this one does; may be NULL */
	const struct ld_replay_watch *also;
	/* found; freed with ld_balance_free */
	struct ld_balance_line *line; /* by party, site, code */
	size_t n, room;
	struct ld_balance_gap *gap; /* by entry */
	size_t n_gaps, gaps_room;
	uint64_t first, last; /* entries [first, last) are of the period */
};

/* Fills what is found. LD_ERR_NOMEM; LD_ERR_CORRUPT and others of the files. */
enum ld_err ld_balance_read(struct ld_book *book, struct ld_balance *b);
void ld_balance_free(struct ld_balance *b);

/* opening + generated + received - treated - shipped - lost - in stock: 0 where the line adds. */
int64_t ld_balance_difference_g(const struct ld_balance_line *l);
/* The sum is right, and so is what its containers hold. */
bool ld_balance_adds(const struct ld_balance_line *l);
/* Every line adds, and every treatment and repacking does. */
bool ld_balance_all_add(const struct ld_balance *b);
/* Adds the figures of a line to a total. */
void ld_balance_sum(struct ld_balance_line *total, const struct ld_balance_line *l);

#endif
