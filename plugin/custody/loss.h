/* Tolerance is cumulative: what is missing in a stock is held against its throughput, the scales'
 * errors and the waste's own loss over a month, and over the time between two counts; and what is
 * missing of one production batch over all the ways that its containers went. Never step by step:
 * small losses add up. CUSTODY, Stock and mass balance; 5C M10. */
#ifndef LD_CUSTODY_LOSS_H
#define LD_CUSTODY_LOSS_H

#include "plugin/custody/judge.h"

/* Of a mass of a line: what its loss class lets it lose. */
int64_t ld_own_loss_g(const char *loss_class, int64_t mass_g);
/* Maximum permissible error of a ticket; 0: it is not here or names none. */
int64_t ld_ticket_error_g(struct ld_custody *c, ProtobufCBinaryData ticket);

/* Allowed to be missing: balance_permille of what moved, but at least balance_min_g; or the scales'
 * errors and the waste's own loss, where they are more. */
int64_t ld_tally_allowed_g(const struct ld_rules *r, const Custody__Tally *t);
/* The same of a batch that filled mass_g: no minimum. */
int64_t ld_batch_allowed_g(const struct ld_rules *r, const Custody__Batch *b);
/* 0: within what is allowed; 2, or 4 from balance_level4_g on. A gain is held as a loss is. */
uint32_t ld_imbalance_level(const struct ld_rules *r, int64_t short_g, int64_t allowed_g);

/* ---- apply ---- */

/* Adds a booking to the tallies of a stock (not put); marks it where the month is over. */
enum ld_err ld_tally(struct ld_custody *c, Custody__Stock *s, const struct ld_booking *b,
		     uint64_t index);
/* So much is missing of what is in a container: its production batch answers for it; of what was
 * repacked those that it was made of, in proportion. */
enum ld_err ld_root_short(struct ld_custody *c, const char *container, int64_t short_g,
			  uint64_t index);

/* At the first hand-over: the errors of the scales that weighed the load, on the origin's books. */
enum ld_err ld_loaded_errors(struct ld_custody *c, const Custody__Manifest *m, uint64_t index);
/* Of an accepted line: the errors of the gate's scales. */
int64_t ld_line_errors_g(const Custody__Manifest *m, const Liandan__Line *line);
/* So much of a container is accepted: what it has lost on the road is its batch's. Before the
 * container changes. */
enum ld_err ld_accepted_short(struct ld_custody *c, const Custody__Manifest *m,
			      const char *container, int64_t accepted_g, uint64_t index);

/* Table OVER, what an entry has pushed beyond what is allowed: index (BE64), 'S' and (party)
 * (site) (code), or 'B' and (party) (batch) -> "". */

/* ---- judge ---- */

/* STOCK_IMBALANCE for what this entry has marked. */
void ld_losses_follow(struct ld_custody *c, const struct ld_fact *f, struct ld_own_list *own);

#endif
