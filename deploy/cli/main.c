/* liandan: finds the subcommand, and nothing else. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "proto/digest.h"
#include "proto/gate.h"

static void print_overview(void)
{
	printf("liandan %s (联单): chain of custody of waste, in the message broker\n\n"
	       "usage: liandan [--json] COMMAND [arguments]\n\n",
	       LD_VERSION);
	for (const struct ld_command *c = ld_commands; c->name; c++)
		printf("  %-8s %s\n", c->name, c->summary);
	printf("\n"
	       "`liandan COMMAND --help` explains each, with an example. --json anywhere: one JSON "
	       "object a\n"
	       "line. Exit codes: 0 done, 1 failed, 2 refused, 64 wrong usage.\n\n"
	       "To begin:\n"
	       "  liandan region init ./suzhou --region suzhou     a ledger of your own\n"
	       "  liandan ledger head ./suzhou                     what it says of itself\n");
}

int main(int argc, char **argv)
{
	struct ld_cli cli = {.json = false, .tty = isatty(STDOUT_FILENO) == 1};
	int at = 1;
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--json") == 0) {
			cli.json = true;
		} else if (strcmp(argv[at], "--version") == 0) {
			printf("liandan %s\n", LD_VERSION);
			return LD_EXIT_DONE;
		} else if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
			print_overview();
			return LD_EXIT_DONE;
		} else {
			return ld_usage(NULL, "unknown option %s", argv[at]);
		}
	}
	if (at == argc || strcmp(argv[at], "help") == 0) {
		const struct ld_command *about =
		    at + 1 < argc ? ld_command_find(ld_commands, argv[at + 1]) : NULL;
		char help[] = "--help";
		if (about)
			return about->run(&cli, 2, (char *[]){argv[at + 1], help, NULL});
		print_overview();
		return at == argc ? LD_EXIT_USAGE : LD_EXIT_DONE;
	}
	const struct ld_command *command = ld_command_find(ld_commands, argv[at]);
	if (!command)
		return ld_usage(NULL, "there is no command \"%s\"", argv[at]);
	if (ld_gate_init() != LD_OK)
		return ld_fail(&cli, "free some memory", "the message tables could not be made");
	int code = command->run(&cli, argc - at, argv + at);
	ld_gate_cleanup();
	ld_digest_cleanup();
	return fflush(stdout) == 0 ? code : LD_EXIT_FAILED;
}
