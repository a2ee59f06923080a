/* protobuf <-> JSON by descriptor reflection: protobuf's JSON mapping with the .proto's own field
 * names (the mapping's "preserve proto field names"): int64 as strings, bytes in base64, enums by
 * name, defaults left out. Reading also takes lowerCamelCase names, numbers for int64 and enums,
 * hex for bytes fields of 16 or 32 bytes when prefixed "hex:". Unknown names are refused: a clerk's
 * typo must not vanish. */
#ifndef LD_PROTO_JSON_H
#define LD_PROTO_JSON_H

#include <cjson/cJSON.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "proto/arena.h"
#include "proto/err.h"

struct ld_json_fault {
	char path[128]; /* "manifest_created.lines[0].quantity.mass_g" */
	char what[96];
};

/* A new cJSON object, or NULL without memory. */
cJSON *ld_json_of(const ProtobufCMessage *msg);
/* A message in the arena. LD_ERR_MALFORMED (fault filled), LD_ERR_LIMIT, LD_ERR_NOMEM. */
enum ld_err ld_json_to(const cJSON *json, const ProtobufCMessageDescriptor *type,
		       struct ld_arena *arena, ProtobufCMessage **out, struct ld_json_fault *fault);

#endif
