/* What the region hands out after a commit, put on its topics (PROTOCOL: Topics). Nothing gets here
 * that is not committed, and nothing a client sent goes out any other way. */
#ifndef LD_BROKER_OUTBOX_H
#define LD_BROKER_OUTBOX_H

#include "plugin/broker/broker.h"

#define LD_ENVELOPE_CONTENT_TYPE "application/vnd.liandan.envelope.v1+protobuf"
#define LD_RECEIPT_CONTENT_TYPE "application/vnd.liandan.receipt.v1+protobuf"
#define LD_REFUSED_CONTENT_TYPE "application/vnd.liandan.refused.v1+protobuf"
#define LD_CHECKPOINT_CONTENT_TYPE "text/plain"

/* Closed manifests whose retained state goes when its time is over; LD_MAX_TO_CLEAR of them. */
struct ld_clearing;
struct ld_clearing *ld_clearing_new(void); /* NULL without memory */
void ld_clearing_free(struct ld_clearing *c);

/* For ld_region_open; ctx is the broker. */
struct ld_sink ld_outbox_sink(struct ld_broker *b);
/* From the tick: states whose turn has come, retained states whose time is over. */
void ld_outbox_flush(struct ld_broker *b);
/* Retained, whenever it has advanced (the store sees to once a second). */
void ld_outbox_checkpoint(struct ld_broker *b);
size_t ld_outbox_clearing(const struct ld_broker *b);

#endif
