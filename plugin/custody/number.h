/* Official numbers of manifests 联单编号: blocks of them, which ones are in use, and which were
 * left out. Table NUMBERS: 'b', last number (BE64) -> NumberBlock, so that the first key not below
 * a number is the only block that can hold it; 's', series -> last number (BE64). CUSTODY-1; Order
 * 23 article 15; 5C D4. */
#ifndef LD_CUSTODY_NUMBER_H
#define LD_CUSTODY_NUMBER_H

#include "plugin/custody/judge.h"
#include "plugin/custody/manifest.h"

#define LD_NUMBER_DIGITS 14   /* YYYY, province, prefecture, serial of six */
#define LD_MAX_NUMBER_GAPS 64 /* of one block that are remembered; further ones are left out */

/* 14 digits, else false. */
bool ld_number_read(const char *text, uint64_t *out);
/* The first block whose last number is not below n, in the arena; LD_ERR_NOT_FOUND. It holds n
 * where `allocated->first` is not above n. */
enum ld_err ld_number_block_from(struct ld_custody *c, uint64_t n, Custody__NumberBlock **out);
/* The block that holds n. */
enum ld_err ld_number_block_of(struct ld_custody *c, uint64_t n, Custody__NumberBlock **out);
/* Last number of the series, 0: there is none of that name. */
uint64_t ld_number_series_last(struct ld_custody *c, const char *series);

/* ---- apply ---- */

enum ld_err ld_numbers_allocated_apply(struct ld_custody *c, const struct ld_fact *f,
				       Liandan__NumbersAllocated *a);
enum ld_err ld_number_assigned_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__NumberAssigned *a);
/* The number is the manifest's from here on; what it left out starts a clock. */
enum ld_err ld_number_use(struct ld_custody *c, const struct ld_fact *f, const char *number,
			  ProtobufCBinaryData manifest);
/* A gap's clock has run out. */
enum ld_err ld_number_missed_apply(struct ld_custody *c, const Liandan__DeadlineMissed *d);

/* ---- judge ---- */

bool ld_numbers_allocated_judge(struct ld_custody *c, const struct ld_fact *f,
				const Liandan__NumbersAllocated *a, struct ld_judgement *j);
/* D4: numbers that are still missing when the gap's clock runs out. */
void ld_number_follow_missed(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			     struct ld_own_list *out);

#endif
