/* The gate: one pass over wire bytes, without allocation or recursion, before libprotobuf-c sees
 * them. Accepts only the strict form (PROTOCOL: The gate): fields once and ascending, minimal
 * varints, packed scalars, one oneof member, valid UTF-8 without NUL, known enum values, integers
 * in range, nothing trailing; lengths, counts and required fields of proto/fields.def. */
#ifndef LD_PROTO_GATE_H
#define LD_PROTO_GATE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

struct ld_gate_fault {
	size_t offset;	  /* of the first byte that does not fit */
	char field[96];	  /* "HandoverTaken.plate" */
	const char *what; /* static: "varint is not minimal", … */
};

/* Tables are compiled once from the descriptors; call before any thread starts. LD_ERR_NOMEM, or
 * LD_ERR_ARG when fields.def names a field that no descriptor has. */
enum ld_err ld_gate_init(void);
/* After LD_ERR_ARG: which, as "Message.field"; static. For whoever just changed a .proto. */
const char *ld_gate_init_fault(void);
void ld_gate_cleanup(void);

/* `type`: a message descriptor that is reachable from Envelope, Event, Token, Entry, OwnEvent,
 * Receipt. LD_OK or LD_ERR_MALFORMED with *fault filled (may be NULL). */
enum ld_err ld_gate_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
			  struct ld_gate_fault *fault);

#endif
