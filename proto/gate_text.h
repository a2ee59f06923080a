/* What the gate asks of text; inside proto/ only. */
#ifndef LD_PROTO_GATE_TEXT_H
#define LD_PROTO_GATE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* NULL, or what is wrong; *at is then the offset of the byte. */
const char *ld_gate_utf8(const uint8_t *text, size_t len, size_t *at);
/* The same, and what an id must be: it becomes a topic level. */
const char *ld_gate_id(const uint8_t *text, size_t len, size_t *at);

#endif
