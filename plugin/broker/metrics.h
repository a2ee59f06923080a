/* Counters and notices on $SYS/broker/liandan/…, retained, every 10 seconds what has changed; the
 * same as a text file for Prometheus where metrics_file is set. */
#ifndef LD_BROKER_METRICS_H
#define LD_BROKER_METRICS_H

#include "plugin/broker/broker.h"

#define LD_METRICS_EVERY_MS 10000

struct ld_metrics *ld_metrics_new(void); /* NULL without memory */
void ld_metrics_free(struct ld_metrics *m);
/* `ledger` and `clock`, once at start, and an empty notice. */
void ld_metrics_start(struct ld_broker *b);
/* From the tick. */
void ld_metrics_tick(struct ld_broker *b);
/* The newest notice stands on `notice` until the next one. */
void ld_metrics_notice(struct ld_broker *b, const char *text);

#endif
