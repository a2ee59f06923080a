/* Big-endian integers: the byte order of every key and record in store/, so that memcmp order is
 * number order and a dump reads the same everywhere. */
#ifndef LD_STORE_BE_H
#define LD_STORE_BE_H

#include <stdint.h>

static inline void ld_be16_put(uint8_t out[2], uint16_t v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
}

static inline void ld_be32_put(uint8_t out[4], uint32_t v)
{
	ld_be16_put(out, (uint16_t)(v >> 16));
	ld_be16_put(out + 2, (uint16_t)v);
}

static inline void ld_be64_put(uint8_t out[8], uint64_t v)
{
	ld_be32_put(out, (uint32_t)(v >> 32));
	ld_be32_put(out + 4, (uint32_t)v);
}

static inline uint16_t ld_be16_get(const uint8_t in[2])
{
	return (uint16_t)((uint16_t)in[0] << 8 | in[1]);
}

static inline uint32_t ld_be32_get(const uint8_t in[4])
{
	return (uint32_t)ld_be16_get(in) << 16 | ld_be16_get(in + 2);
}

static inline uint64_t ld_be64_get(const uint8_t in[8])
{
	return (uint64_t)ld_be32_get(in) << 32 | ld_be32_get(in + 4);
}

#endif
