/* A pipeline: a sealed manifest that names no carrier and is all bulk stands until the end of its
 * term, and each day of each of its lines is a consignment of its own, booked at both ends at once.
 * It stays SEALED meanwhile; with its first day it can neither be cancelled nor go by road any
 * more. When the term and a day are over it is closed with the sum of its days. CUSTODY-25; Order
 * 23 article 19. */
#ifndef LD_CUSTODY_PIPELINE_H
#define LD_CUSTODY_PIPELINE_H

#include "plugin/custody/judge.h"

/* Table PIPE_DAY: manifest id, line (BE32), day (BE32, yyyymmdd) -> PipeDay, so that a walk meets
 * the days of a line in order. */
enum ld_err ld_pipe_day_get(struct ld_custody *c, ProtobufCBinaryData manifest, uint32_t line,
			    uint32_t day, Custody__PipeDay **out);
/* Prefix of that key. */
void ld_pipe_line_key(struct ld_tkey *k, ProtobufCBinaryData manifest, uint32_t line);
/* A day of it is booked. */
bool ld_pipe_flows(const Custody__Manifest *m);
/* The end of its term, by the rules that it was sealed under. */
int64_t ld_pipe_end_ms(struct ld_custody *c, const Custody__Manifest *m);

enum ld_err ld_pipeline_day_apply(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__PipelineDay *b);
/* Its clock has run out: what was sealed and has not flowed is free again, its items are what has
 * flowed. Does not put m. */
enum ld_err ld_pipeline_end_apply(struct ld_custody *c, Custody__Manifest *m, uint64_t index);
/* After that: closes it; METERS_DIFFER where readings do not follow on from one recorded day to the
 * next. index: of the DeadlineMissed. */
void ld_pipeline_end_follow(struct ld_custody *c, const Liandan__DeadlineMissed *d, uint64_t index,
			    struct ld_own_list *own);

#endif
