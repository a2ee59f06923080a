/* The table of subcommands: what each is for, and what its --help teaches. */
#include "deploy/cli/cli.h"
#include "deploy/cli/net.h"

const struct ld_command ld_commands[] = {
    {"region", ld_cmd_region, "make a region's ledger, load its registry (offline)",
     "usage: liandan region init DIR [options]      a new ledger with its keys\n"
     "       liandan region load DIR FILE...        registry events, broker stopped\n"
     "\n"
     "region init makes DIR with ledger.key, an authority key in DIR/keys, the ledger with its\n"
     "Genesis entry, and region.json, the public facts that devices need.\n"
     "  --region NAME         the region in topics (default: the name of DIR)\n"
     "  --name LEDGER         the ledger's own name in checkpoints (default: main)\n"
     "  --authority PARTY/DEVICE  who registers parties and keys (default: bureau/registry)\n"
     "  --authority-key FILE  use this private key instead of a new one\n"
     "  --algorithm NAME      of the authority key: p256 (default), ed25519, sm2\n"
     "  --anchor FILE         anchor file, best on another device (default: DIR/anchor)\n"
     "  --demo                a demonstration region, whose clock may run fast\n"
     "\n"
     "region load signs events with the authority key and submits them. A file holds one event\n"
     "object, an array of them, or one a line; the header is filled in. A key_enrolled event may\n"
     "name \"key_file\" beside it: the new key's private key cosigns, spki and algorithm are\n"
     "filled in. \"after\" may name an event before it in the same run by \"$label\" (its "
     "\"label\").\n"
     "  --key FILE            authority key (default: the only *.pem in DIR/keys)\n"
     "  --anchor FILE         as at init\n"
     "\n"
     "example:\n"
     "  liandan region init ./suzhou --region suzhou --authority bureau/registry\n"
     "  liandan region load ./suzhou registry.json\n"},
    {"key", ld_cmd_key, "make and show keys",
     "usage: liandan key new FILE [--algorithm p256|ed25519|sm2]   default p256\n"
     "       liandan key show FILE\n"
     "\n"
     "new writes a private key (PKCS#8 PEM, mode 0600) and never overwrites one. show prints what "
     "an\n"
     "authority needs to enrol it: key id, algorithm, public key (SPKI) in base64.\n"
     "\n"
     "example:\n"
     "  liandan key new truck7.pem && liandan key show truck7.pem\n"},
    {"token", ld_cmd_token, "a short-lived password for a broker connection",
     "usage: liandan token --key FILE --client PARTY/DEVICE --ledger FILE|ID [--minutes N]\n"
     "\n"
     "Prints a token: the password of an MQTT connection over TLS whose client id is "
     "PARTY/DEVICE.\n"
     "Valid for N minutes (1 to 10, default 10) and reusable until then: treat it as a password.\n"
     "\n"
     "example:\n"
     "  mosquitto_sub -i bureau/desk -u bureau/desk -P \"$(liandan token --key desk.pem \\\n"
     "    --client bureau/desk --ledger region.json)\" --cafile ca.pem -t "
     "'waste/v1/<region>/anomaly/#'\n"},
    {"id", ld_cmd_id, "new ids for manifests and tickets (UUIDv7)",
     "usage: liandan id [N]\n"
     "\n"
     "Prints N (default 1) new ids in hex, as event files take them: \"manifest\": \"hex:<id>\".\n"
     "\n"
     "example:\n"
     "  liandan id\n"},
    {"send", ld_cmd_send, "sign and send events, durably, until each has its receipt",
     "usage: liandan send [EVENT.json...] --key FILE --client PARTY/DEVICE --broker HOST:PORT\n"
     "                    --ledger FILE [options]\n"
     "\n"
     "An event file holds one event object, an array, or one a line, in protobuf's JSON mapping. "
     "The\n"
     "header (ledger, submitter, seq, prev, epoch, time) is filled in. Ids are \"hex:...\"; "
     "\"after\"\n"
     "may name earlier events as \"hex:<event hash>\" or \"$label\". Each event is signed once "
     "and\n"
     "written to the spool before it is sent; what has no receipt is sent again by the next run\n"
     "(also without any EVENT.json), byte for byte.\n" LD_NET_HELP
     "  --cosign FILE         a second signer's key (may be given three times)\n"
     "  --spool DIR           where unreceipted events wait (default: KEYFILE.spool)\n"
     "  --receipts DIR        keep every verified receipt there, with its event\n"
     "  --timeout SECONDS     give up waiting (default 60); the events stay in the spool\n"
     "  --set-aside          set aside the event at the head that the ledger will never take\n"
     "\n"
     "Exit 0: all accepted or held. 2: one was refused, or stays outside the ledger. 1: not all\n"
     "have a receipt yet.\n"
     "\n"
     "example:\n"
     "  liandan send taken.json --key driver.pem --client haoyun/li --ledger region.json \\\n"
     "    --broker broker.example:8883 --cafile ca.pem\n"},
    {"may", ld_cmd_may, "ask what the ledger would say to an event, without sending it",
     "usage: liandan may EVENT.json --key FILE --client PARTY/DEVICE --broker HOST:PORT --ledger "
     "FILE\n"
     "\n"
     "A dry run: the verdict that the event would get now. Nothing is recorded. Exit 2 when it "
     "would\n"
     "be refused.\n" LD_NET_HELP "\n"
     "example:\n"
     "  liandan may sealed.json --key clerk.pem --client chemco/office --ledger region.json\n"},
    {"watch", ld_cmd_watch, "follow anomalies and manifests as they happen",
     "usage: liandan watch [--anomalies|--manifests|--all] --key FILE --client PARTY/DEVICE\n"
     "                     --broker HOST:PORT --ledger FILE\n"
     "\n"
     "One line an anomaly (default), a manifest's change, or everything that this reader may see.\n"
     "  --count N             stop after N lines\n"
     "  --seconds N           stop after N seconds\n" LD_NET_HELP "\n"
     "example:\n"
     "  liandan watch --key desk.pem --client bureau/desk --ledger region.json\n"},
    {"ledger", ld_cmd_ledger, "read, prove and check a ledger directory",
     "usage: liandan ledger head DIR                 size, root, checkpoint\n"
     "       liandan ledger list DIR [--from N] [--count N]\n"
     "       liandan ledger show DIR N               one entry, whole\n"
     "       liandan ledger prove DIR N              tlog-proof and leaf; --out FILE saves both\n"
     "       liandan ledger verify FILE... --vkey V  offline: a saved receipt or proof\n"
     "       liandan ledger audit DIR                everything again: hashes, signatures, chains\n"
     "       liandan ledger replay DIR               state = replay(ledger), digest against "
     "digest\n"
     "       liandan ledger anchor DIR [--adopt]     what the anchor says; adopt after a restore\n"
     "\n"
     "All but `anchor --adopt` only read, also while the broker runs. `verify` needs no ledger: "
     "only\n"
     "the file and the ledger's public key (--vkey, or --ledger region.json).\n"
     "  --anchor FILE         the anchor, where it is not DIR/anchor\n"
     "\n"
     "example:\n"
     "  liandan ledger audit ./suzhou\n"
     "  liandan ledger prove ./suzhou 42 --out entry42.json && \\\n"
     "    liandan ledger verify entry42.json --ledger ./suzhou/region.json\n"},
    {"trace", ld_cmd_trace, "the whole story of one manifest, from the ledger",
     "usage: liandan trace MANIFEST --dir DIR\n"
     "\n"
     "MANIFEST is its id in hex, or its official number. Every entry that concerns it: who "
     "signed,\n"
     "the verdict, when it happened and when it was recorded, masses and anomalies. DIR is the "
     "ledger\n"
     "directory; the broker may run.\n"
     "\n"
     "example:\n"
     "  liandan trace 018f3b6c0a7d7c3e9a5b2f4e6d8c1a0b --dir ./suzhou\n"},
    {"declare", ld_cmd_declare, "ledgers and declarations of HJ 1259-2022, as CSV",
     "usage: liandan declare TABLE --party P --dir DIR [options]\n"
     "\n"
     "TABLE is one of a party's five ledgers 台账: generated 产生, stored 入库, released 出库, "
     "own\n"
     "自行利用/处置, outsourced 委外; or report 申报, the totals by waste code of a period. CSV, "
     "or one\n"
     "JSON array with --json. Masses in tonnes, times in UTC+8.\n"
     "  --period P            2026-11, 2026-Q4 or 2026 (a report needs one)\n"
     "  --from T, --to T      2026-11-25, 2026-11-25T07:30 or milliseconds; to is exclusive\n"
     "  --excel               with the mark that spreadsheets want before UTF-8\n"
     "\n"
     "Ledger rows are counted by when it happened, a report by when it was recorded.\n"
     "\n"
     "example:\n"
     "  liandan declare report --party dongcheng --period 2026-11 --dir ./suzhou > 2026-11.csv\n"},
    {"form", ld_cmd_form, "the national manifest form, out and in, as CSV or JSON",
     "usage: liandan form export MANIFEST... --dir DIR [--excel]\n"
     "       liandan form export --all --dir DIR\n"
     "       liandan form import FILE.csv|FILE.json\n"
     "\n"
     "export prints the form 危险废物转移联单 of one or more manifests (id in hex or official "
     "number),\n"
     "one row a waste line, as CSV, or as one JSON array with --json. import reads such rows (the\n"
     "part that the generator fills in) and prints manifest_created events for `liandan send`, one "
     "a\n"
     "line; a row that is wrong is named with its line and nothing is printed.\n"
     "\n"
     "example:\n"
     "  liandan form import drafts.csv > drafts.json && liandan send drafts.json --key clerk.pem "
     "...\n"},
    {"rating", ld_cmd_rating, "a party's colour, and why",
     "usage: liandan rating PARTY --dir DIR [--json]\n"
     "\n"
     "Green, yellow or red by the profile, from open and confirmed anomalies, as of the ledger's "
     "last\n"
     "entry; what a regulator set by hand, and the party's reply. Only reads.\n"
     "\n"
     "example:\n"
     "  liandan rating haoyun --dir ./suzhou\n"},
    {"precision", ld_cmd_precision, "how often each kind of anomaly was right, by its reviews",
     "usage: liandan precision --dir DIR [--json]\n"
     "\n"
     "Counts of the regulators' findings, confirmed and false, of each kind and reason.\n"
     "\n"
     "example:\n"
     "  liandan precision --dir ./suzhou\n"},
    {"rules", ld_cmd_rules, "profiles of rules: check, compile, what is in force",
     "usage: liandan rules check FILE                 a profile file: in order, or line and "
     "reason\n"
     "       liandan rules compile FILE               the rules_adopted event, for `liandan send`\n"
     "       liandan rules show --dir DIR [--at N]    what is in force, with its sources\n"
     "       liandan rules table                      the manifest's table: who, states, checks\n"
     "\n"
     "Profiles and their format: deploy/profiles. An authority's key adopts one; a manifest keeps "
     "the\n"
     "rules that it was sealed under.\n"
     "\n"
     "example:\n"
     "  liandan rules compile CN-GD.rules > adopt.json && liandan send adopt.json --key "
     "authority.pem \\\n"
     "    --client bureau/registry --ledger region.json --broker broker.example:8883\n"},
    {"calendar", ld_cmd_calendar, "a year's working days, from a file",
     "usage: liandan calendar compile FILE            the calendar_adopted event\n"
     "\n"
     "example:\n"
     "  liandan calendar compile CN-2026.calendar > adopt.json\n"},
#ifdef LD_CLI_PLAY
    {"play", ld_cmd_play, "simulate a day of trucks, scales and sites against a broker", NULL},
#endif
#ifdef LD_CLI_TRACKS
    {"tracks", ld_cmd_tracks, "turn recorded positions into track events", NULL},
#endif
    {NULL, NULL, NULL, NULL},
};
