#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

void ld_clock_save(const struct ld_clock *k, const char *dir)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/demo-clock", dir);
	f = fopen(path, "we");
	if (f == NULL)
		return;
	fprintf(f, "%" PRId64 " %" PRId64 "\n", ld_clock_now(k), ld_clock_wall_ms());
	fclose(f);
}

int64_t ld_clock_resume(const char *dir, uint32_t rate)
{
	char path[4096], line[64];
	int64_t showed, at = 0, away;
	char *end;
	FILE *f;

	snprintf(path, sizeof path, "%s/demo-clock", dir);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(line, sizeof line, f) == NULL)
		line[0] = '\0';
	fclose(f);
	showed = strtoll(line, &end, 10);
	if (end != line)
		at = strtoll(end, NULL, 10);
	away = ld_clock_wall_ms() - at;
	if (showed <= 0 || at <= 0 || away < 0 || away > LD_DAY_MS)
		return 0;
	return showed + away * (int64_t)rate;
}
