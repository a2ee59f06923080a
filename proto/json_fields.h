/* What reading and writing JSON share; inside proto/ only. */
#ifndef LD_PROTO_JSON_FIELDS_H
#define LD_PROTO_JSON_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of one element in the generated structure; 0 for types that the contract does not have. */
size_t ld_json_element_size(ProtobufCType type);

#endif
