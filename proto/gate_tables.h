/* The gate's compiled tables; inside proto/ only. Made once by ld_gate_init, never changed
 * afterwards. */
#ifndef LD_PROTO_GATE_TABLES_H
#define LD_PROTO_GATE_TABLES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/err.h"

#define LD_GATE_EXTENSION_FIRST 1024u
#define LD_GATE_EXTENSION_LAST 2047u

/* One rule of fields.def. */
struct ld_gate_rule {
	const char *message;
	const char *field; /* or a oneof's name */
	bool required;
	bool id;
	bool lat;
	bool lon;
	bool same;
	bool plus_one;
	bool oneof;
	uint32_t min;	    /* bytes */
	uint32_t max;	    /* bytes; 0: not said */
	uint32_t max_count; /* elements; 0: not said */
	uint32_t min_count;
};

struct ld_gate_message;

struct ld_gate_field {
	const struct ld_gate_rule *rule; /* never NULL */
	const struct ld_gate_message *sub;
	const uint64_t *enum_values; /* two words: a bit for each known value 0 to 127 */
	const char *name;
	uint32_t max_bytes;
	uint32_t max_range; /* of LAT and LON: largest zigzag value; else UINT32_MAX */
	uint8_t type;	    /* ProtobufCType */
	uint8_t wire;	    /* the only wire type that is accepted */
	uint8_t bit;	    /* in `seen` */
	uint8_t oneof;	    /* 0, or 1 + number of its group */
	bool repeated;	    /* one tag for each element */
	bool packed;
};

struct ld_gate_message {
	const ProtobufCMessageDescriptor *descriptor;
	struct ld_gate_field *fields;
	uint8_t *index; /* by field number: 1 + place in `fields`, or 0 */
	uint32_t max_number;
	uint64_t required;	 /* bits that must be seen at the end */
	uint64_t same;		 /* lists of equal length */
	uint32_t oneof_required; /* bits of groups */
};

/* NULL when the type is not one of the compiled, or before ld_gate_init. */
const struct ld_gate_message *ld_gate_find(const ProtobufCMessageDescriptor *type);

#endif
