/* Runs a fuzz target over files and folders of inputs, once each, without libFuzzer: what was found once is looked
 * at in every test run, with any compiler. */
#include <dirent.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static size_t seen;

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(1u << 20);
	size_t n;

	FZ_REQUIRE(f != NULL && bytes != NULL);
	n = fread(bytes, 1, 1u << 20, f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	seen++;
}

static void run(const char *path)
{
	char inner[4096];
	struct dirent *d;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) != 0)
		return; /* a target without committed inputs */
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	dir = opendir(path);
	FZ_REQUIRE(dir != NULL);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
		run(inner);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("%zu inputs\n", seen);
	return 0;
}
