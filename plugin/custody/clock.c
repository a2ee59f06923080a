#include <time.h>

#include "plugin/custody/region_internal.h"

static int64_t read_ms(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t ld_clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t ld_clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t ld_clock_now(const struct ld_clock *k)
{
	return k->base_ms + (ld_clock_boot_ms() - k->boot_ms) * (int64_t)k->rate;
}
