/* The verdict line: what became of one event, for people (English and Chinese side by side) and as
 * JSON. */
#ifndef LD_CLI_REPORT_H
#define LD_CLI_REPORT_H

#include "deploy/cli/cli.h"

struct ld_report {
	const char *where; /* "file:3", or NULL */
	const char *label; /* or NULL */
	const char *body;  /* "manifest_created" */
	Liandan__Verdict verdict;
	Liandan__Reason reason;
	const char *detail;
	bool in_ledger;
	bool duplicate;
	bool covered; /* no receipt of its own: a later event's shows that it is in the ledger; its
			 verdict is not known */
	uint64_t index, seq;
	int64_t recorded_at_ms;
	const uint8_t *event_hash; /* LD_HASH_BYTES or NULL */
	size_t n_violations;
	Liandan__Violation **violations;
	uint64_t expected_seq; /* SEQUENCE_GAP, PREVIOUS_MISMATCH */
	const char *proof;     /* "verified", "none", … ; NULL: not said */
};

void ld_report_print(struct ld_cli *cli, const struct ld_report *r);
/* From a receipt. Pointers are borrowed. */
void ld_report_of_receipt(const Liandan__Receipt *receipt, struct ld_report *out);
/* What to do about a verdict; NULL when there is nothing to do. */
const char *ld_report_advice(Liandan__Verdict verdict);

#endif
