# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tack_global_optspecs
    string join \n h/help V/version
end

function __fish_tack_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tack_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tack_using_subcommand
    set -l cmd (__fish_tack_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tack -n "__fish_tack_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_needs_command" -s V -l version -d 'Print version'
complete -c tack -n "__fish_tack_needs_command" -f -a "genkey" -d 'Make a new TACK key, in a file that a password protects'
complete -c tack -n "__fish_tack_needs_command" -f -a "sign" -d 'Sign the public key of a certificate: make a tack'
complete -c tack -n "__fish_tack_needs_command" -f -a "break" -d 'Make a break signature: the key\'s own word that every pin to it must be dropped'
complete -c tack -n "__fish_tack_needs_command" -f -a "view" -d 'Show keys, tacks, break signatures, extensions, serverinfo files and certificates in words'
complete -c tack -n "__fish_tack_needs_command" -f -a "cert" -d 'Make a TACK certificate from a tack and break signatures, or take one apart'
complete -c tack -n "__fish_tack_needs_command" -f -a "pack" -d 'Make a TackExtension from tacks, in the form that a server takes'
complete -c tack -n "__fish_tack_needs_command" -f -a "unpack" -d 'Take the tacks and break signatures out of an extension, a serverinfo file or a TACK certificate'
complete -c tack -n "__fish_tack_needs_command" -f -a "passwd" -d 'Change the password and the iteration count of a key file'
complete -c tack -n "__fish_tack_needs_command" -f -a "deploy" -d 'Install the tack of the hour from a batch, and reload the server if it changed'
complete -c tack -n "__fish_tack_needs_command" -f -a "status" -d 'Show what a batch covers, as a monitoring plugin'
complete -c tack -n "__fish_tack_needs_command" -f -a "verify" -d 'Judge a server\'s files as a client would, as a monitoring plugin'
complete -c tack -n "__fish_tack_needs_command" -f -a "check" -d 'Connect to hosts as a client would, and judge what they serve, as a monitoring plugin'
complete -c tack -n "__fish_tack_needs_command" -f -a "pins" -d 'List, forget, import and export the pins of a store'
complete -c tack -n "__fish_tack_needs_command" -f -a "simulate" -d 'Try a rollout before it happens: show what clients of every habit would see of it'
complete -c tack -n "__fish_tack_needs_command" -f -a "ticket" -d 'Pin servers by tickets: the key ring of servers, and the tickets of clients'
complete -c tack -n "__fish_tack_needs_command" -f -a "help" -d 'Show help on a command'
complete -c tack -n "__fish_tack_using_subcommand genkey" -s p -l password -d 'The password of the key file; every user of the machine can see it in the list of processes' -r
complete -c tack -n "__fish_tack_using_subcommand genkey" -l password-file -d 'Take the password from this file, less one line break at its end' -r -F
complete -c tack -n "__fish_tack_using_subcommand genkey" -s o -l output -d 'Write the key to this file, which must not exist yet, instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand genkey" -l iterations -d 'Stretch the password by so many iterations of PBKDF2, from 8192 to 10000000' -r
complete -c tack -n "__fish_tack_using_subcommand genkey" -l force -d 'Replace an existing file'
complete -c tack -n "__fish_tack_using_subcommand genkey" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand genkey" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand sign" -s k -l key -d 'Use this TACK key file' -r -F
complete -c tack -n "__fish_tack_using_subcommand sign" -s p -l password -d 'The password of the key file; every user of the machine can see it in the list of processes' -r
complete -c tack -n "__fish_tack_using_subcommand sign" -l password-file -d 'Take the password from this file, less one line break at its end' -r -F
complete -c tack -n "__fish_tack_using_subcommand sign" -l max-iterations -d 'Refuse a key file that asks for more than so many iterations of PBKDF2' -r
complete -c tack -n "__fish_tack_using_subcommand sign" -s c -l certificate -d 'Sign this certificate\'s public key; may be repeated' -r -F
complete -c tack -n "__fish_tack_using_subcommand sign" -s m -l min-generation -d 'Revoke the tacks of this key of generations below this one, 0 to 255' -r
complete -c tack -n "__fish_tack_using_subcommand sign" -s g -l generation -d 'Give the tack this generation, 0 to 255, at least MIN_GENERATION [default: MIN_GENERATION]' -r
complete -c tack -n "__fish_tack_using_subcommand sign" -s e -l expiration -d 'Let the tack expire at this UTC time, or so long from now [default: the certificate\'s notAfter]' -r
complete -c tack -n "__fish_tack_using_subcommand sign" -s n -l number -d 'Make NUM tacks, 1 to 1000000, that expire INTERVAL apart; the first at EXPIRATION, which -n needs' -r
complete -c tack -n "__fish_tack_using_subcommand sign" -s o -l output -d 'Write to this file instead of to standard output; with -n, to files whose names begin so' -r -F
complete -c tack -n "__fish_tack_using_subcommand sign" -l ca -d 'Sign a CA\'s certificate too, which no server should send as its own'
complete -c tack -n "__fish_tack_using_subcommand sign" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand break" -s k -l key -d 'Use this TACK key file' -r -F
complete -c tack -n "__fish_tack_using_subcommand break" -s p -l password -d 'The password of the key file; every user of the machine can see it in the list of processes' -r
complete -c tack -n "__fish_tack_using_subcommand break" -l password-file -d 'Take the password from this file, less one line break at its end' -r -F
complete -c tack -n "__fish_tack_using_subcommand break" -l max-iterations -d 'Refuse a key file that asks for more than so many iterations of PBKDF2' -r
complete -c tack -n "__fish_tack_using_subcommand break" -s o -l output -d 'Write the break signature to this file instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand break" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand break" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand view" -l json -d 'Print one JSON document with every field, and whether the signatures hold'
complete -c tack -n "__fish_tack_using_subcommand view" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand view" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand cert" -s i -l input -d 'A tack to put into a certificate, or a TACK certificate to take apart' -r -F
complete -c tack -n "__fish_tack_using_subcommand cert" -s b -l break-signatures -d 'Include the break signatures of this file, 8 at most' -r -F
complete -c tack -n "__fish_tack_using_subcommand cert" -s o -l output -d 'Write to this file instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand cert" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand cert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand pack" -s t -l tacks -d 'The file of the tack, or of two tacks of different keys; may be repeated' -r -F
complete -c tack -n "__fish_tack_using_subcommand pack" -s b -l break-signatures -d 'Include the break signatures of this file, 8 at most; chooses draft 00' -r -F
complete -c tack -n "__fish_tack_using_subcommand pack" -s a -l activation -d 'Activate pins by the first tack (1), the second (2), both (3) or none (0)' -r
complete -c tack -n "__fish_tack_using_subcommand pack" -l activate -d 'Activate pins by the tack of this TACK key, whatever place it has; may be repeated' -r
complete -c tack -n "__fish_tack_using_subcommand pack" -l draft -d 'The draft whose TackExtension to make [default: 02, or 00 with break signatures]' -r -f -a "00\t'draft-perrin-tls-tack-00'
02\t'draft-perrin-tls-tack-02'"
complete -c tack -n "__fish_tack_using_subcommand pack" -l format -d 'The form to write it in' -r -f -a "extension\t'The bare TackExtension'
extender\t'The TackExtension after the header of a TLS extension'
serverinfo\t'A serverinfo file of OpenSSL'
certificate\t'A TACK certificate'"
complete -c tack -n "__fish_tack_using_subcommand pack" -s o -l output -d 'Write to this file instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand pack" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand pack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand unpack" -s E -l extension -d 'The file to take apart, as tackpy wants it' -r -F
complete -c tack -n "__fish_tack_using_subcommand unpack" -s o -l output -d 'Write to this file instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand unpack" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand unpack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand passwd" -s k -l key -d 'Use this TACK key file' -r -F
complete -c tack -n "__fish_tack_using_subcommand passwd" -s p -l password -d 'The password of the key file; every user of the machine can see it in the list of processes' -r
complete -c tack -n "__fish_tack_using_subcommand passwd" -l password-file -d 'Take the password from this file, less one line break at its end' -r -F
complete -c tack -n "__fish_tack_using_subcommand passwd" -l max-iterations -d 'Refuse a key file that asks for more than so many iterations of PBKDF2' -r
complete -c tack -n "__fish_tack_using_subcommand passwd" -l new-password-file -d 'Take the new password from this file, less one line break at its end' -r -F
complete -c tack -n "__fish_tack_using_subcommand passwd" -l iterations -d 'Stretch the password by so many iterations of PBKDF2, from 8192 to 10000000' -r
complete -c tack -n "__fish_tack_using_subcommand passwd" -l keep-password -d 'Keep the password; the iteration count and the salt are new'
complete -c tack -n "__fish_tack_using_subcommand passwd" -l in-place -d 'Write into KEY if it is mounted by itself, as containers mount single files, and cannot be replaced'
complete -c tack -n "__fish_tack_using_subcommand passwd" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand deploy" -s c -l certificate -d 'Install only tacks for the key of this certificate: the live one, or a copy that renewals refresh' -r -F
complete -c tack -n "__fish_tack_using_subcommand deploy" -s a -l activation -d 'Activate pins by the first tack (1), the second (2), both (3) or none (0) [default: 0]' -r
complete -c tack -n "__fish_tack_using_subcommand deploy" -l activate -d 'Activate pins by the tack of this TACK key, whatever place it has; may be repeated' -r
complete -c tack -n "__fish_tack_using_subcommand deploy" -l min-remaining -d 'Choose a tack that lasts at least so long' -r
complete -c tack -n "__fish_tack_using_subcommand deploy" -l format -d 'The form to write OUTPUT in: tacks, or one of the forms of tack-pack(1)' -r -f -a "pem\t'The tacks themselves'
extension\t'The bare TackExtension'
serverinfo\t'A serverinfo file of OpenSSL'
certificate\t'A TACK certificate'"
complete -c tack -n "__fish_tack_using_subcommand deploy" -s o -l output -d 'The file to keep up to date' -r -F
complete -c tack -n "__fish_tack_using_subcommand deploy" -l run -d 'Run this shell command after OUTPUT has changed, and again in later runs if it fails' -r
complete -c tack -n "__fish_tack_using_subcommand deploy" -l dry-run -d 'Say what would be done, and do nothing'
complete -c tack -n "__fish_tack_using_subcommand deploy" -l in-place -d 'Write into OUTPUT if it is mounted by itself, as containers mount single files, and cannot be replaced'
complete -c tack -n "__fish_tack_using_subcommand deploy" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand deploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand status" -s c -l certificate -d 'Check that the tacks vouch for this certificate\'s key' -r -F
complete -c tack -n "__fish_tack_using_subcommand status" -s o -l output -d 'Check this file too, which deploy keeps up to date' -r -F
complete -c tack -n "__fish_tack_using_subcommand status" -l warn -d 'Warn when the tacks last less than this' -r
complete -c tack -n "__fish_tack_using_subcommand status" -l json -d 'Print one JSON document'
complete -c tack -n "__fish_tack_using_subcommand status" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand verify" -s c -l chain -d 'The certificates that the server sends, its own first' -r -F
complete -c tack -n "__fish_tack_using_subcommand verify" -l target-hash -d 'The hash of the server\'s TLS key, instead of its certificate' -r
complete -c tack -n "__fish_tack_using_subcommand verify" -s t -l tacks -d 'What the server sends as the TLS extension, or the tacks for it; may be repeated' -r -F
complete -c tack -n "__fish_tack_using_subcommand verify" -s a -l activation -d 'Activate pins by the first tack (1), the second (2), both (3) or none (0) [default: 0]' -r
complete -c tack -n "__fish_tack_using_subcommand verify" -l name -d 'The name of the host, by which it is pinned' -r
complete -c tack -n "__fish_tack_using_subcommand verify" -l pins -d 'Judge by the pins in this store, and keep them up to date [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand verify" -l require -d 'Require a tack of this TACK key, or of another that is required; may be repeated' -r
complete -c tack -n "__fish_tack_using_subcommand verify" -l warn -d 'Warn when a tack or the certificate lasts less than this' -r
complete -c tack -n "__fish_tack_using_subcommand verify" -l at -d 'Judge as if it were this UTC time, or so long from now [default: now]' -r
complete -c tack -n "__fish_tack_using_subcommand verify" -l read-only -d 'Change nothing in the pin store'
complete -c tack -n "__fish_tack_using_subcommand verify" -l no-activate -d 'Neither make nor extend pins; only revocations and break signatures change what is kept'
complete -c tack -n "__fish_tack_using_subcommand verify" -l json -d 'Print one JSON document'
complete -c tack -n "__fish_tack_using_subcommand verify" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand check" -l starttls -d 'Ask for TLS in this protocol: ftp, imap, ldap, lmtp, mysql, pop3, postgres, sieve, smtp, xmpp or xmpp-server' -r
complete -c tack -n "__fish_tack_using_subcommand check" -l connect -d 'Connect to this address or host instead, under HOST\'s name; may be repeated' -r
complete -c tack -n "__fish_tack_using_subcommand check" -l pins -d 'Keep pins in this store, as a client does [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand check" -l require -d 'Require a tack of this TACK key, or of one of several' -r
complete -c tack -n "__fish_tack_using_subcommand check" -l ca-file -d 'Trust the CAs in this file, in PEM, instead of the system\'s' -r -F
complete -c tack -n "__fish_tack_using_subcommand check" -l tls -d 'Offer this version of TLS alone' -r -f -a "1.2\t'TLS 1.2'
1.3\t'TLS 1.3'"
complete -c tack -n "__fish_tack_using_subcommand check" -l warn -d 'Warn when a tack or the certificate lasts less than this' -r
complete -c tack -n "__fish_tack_using_subcommand check" -l timeout -d 'Give each server so long, from 1s to 1h, in minutes and seconds: "1m30s"' -r
complete -c tack -n "__fish_tack_using_subcommand check" -l jobs -d 'Check so many hosts at once, 1024 at most' -r
complete -c tack -n "__fish_tack_using_subcommand check" -l hosts -d 'Check the hosts in this file too: one on each line, comments after "#"' -r -F
complete -c tack -n "__fish_tack_using_subcommand check" -l all -d 'Check every address that HOST, or a name in --connect, resolves to'
complete -c tack -n "__fish_tack_using_subcommand check" -l read-only -d 'Leave the pins as they are'
complete -c tack -n "__fish_tack_using_subcommand check" -l no-activate -d 'Neither make nor extend pins; only revocations and break signatures change what is kept'
complete -c tack -n "__fish_tack_using_subcommand check" -l insecure -d 'Do not look at the certificate\'s chain and name'
complete -c tack -n "__fish_tack_using_subcommand check" -l json -d 'Print one JSON document'
complete -c tack -n "__fish_tack_using_subcommand check" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand pins; and not __fish_seen_subcommand_from list forget import export" -l pins -d 'The pin store [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand pins; and not __fish_seen_subcommand_from list forget import export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand pins; and not __fish_seen_subcommand_from list forget import export" -f -a "list" -d 'List the pins, or those of a name'
complete -c tack -n "__fish_tack_using_subcommand pins; and not __fish_seen_subcommand_from list forget import export" -f -a "forget" -d 'Forget every pin of a name, or of a TACK key'
complete -c tack -n "__fish_tack_using_subcommand pins; and not __fish_seen_subcommand_from list forget import export" -f -a "import" -d 'Merge a pin list into the store, which is made if it is not there'
complete -c tack -n "__fish_tack_using_subcommand pins; and not __fish_seen_subcommand_from list forget import export" -f -a "export" -d 'Write a pin list of all pins'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from list" -l pins -d 'The pin store [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document: an array of objects with name, key_fingerprint, min_generation, initial, end and active'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from forget" -l pins -d 'The pin store [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from forget" -l json -d 'Print one JSON document: an object with the number of pins that are "forgotten"'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from import" -l pins -d 'The pin store [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from import" -l json -d 'Print one JSON document: an object with the numbers of pins "added", "changed", "unchanged" and "left_out"'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from export" -l pins -d 'The pin store [default: TACK_PINS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand pins; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand simulate" -l days -d 'Go on for so many days, whatever PLAN says' -r
complete -c tack -n "__fish_tack_using_subcommand simulate" -l json -d 'Print one JSON document'
complete -c tack -n "__fish_tack_using_subcommand simulate" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "key" -d 'Make the key ring of servers, and look after it'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "serve" -d 'Terminate TLS 1.3 with ticket pinning in front of a local service'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "connect" -d 'Connect to a server that is pinned by its ticket'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "list" -d 'List the tickets of a store'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "forget" -d 'Forget the tickets of a server'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "import" -d 'Merge a ticket list into the store, which is made if it is not there'
complete -c tack -n "__fish_tack_using_subcommand ticket; and not __fish_seen_subcommand_from key serve connect list forget import export" -f -a "export" -d 'Write a ticket list of all tickets, with their secrets'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from key" -f -a "new" -d 'Make a ring with one key, which is used at once'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from key" -f -a "list" -d 'List the keys of a ring'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from key" -f -a "rotate" -d 'Add a key, which is used later'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from key" -f -a "retire" -d 'Take away the keys that are spent'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l listen -d 'Take connections at this address and port; port 0 is any that is free' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l to -d 'Pass them to this service, in clear' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l cert -d 'The chain in PEM, the server\'s own certificate first' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l key -d 'The certificate\'s private key, in PEM without a password' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l ring -d 'The key ring of "tack ticket key"' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l lifetime -d 'How long tickets last, 31d at most; RFC 8672 wants at least 7d' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l proof -d 'How to prove' -r -f -a "rfc\t'As in RFC 8672'
draft04\t'As in draft-sheffer-tls-pinning-ticket-04'"
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l tack -d 'Serve this tack, too: a TACK certificate, a TackExtension, a serverinfo file, or tacks' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l timeout -d 'The time for a handshake, and for a connection to the service: from 1s to 1h' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l idle -d 'End a connection when nothing came for so long: from 1s to 1h' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l grace -d 'When ended, wait for open connections for so long: from 1s to 1h' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l max-connections -d 'Take so many connections at once, 100000 at most; others wait' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -l ramp-down -d 'Prove, and hand out no new tickets'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l tickets -d 'Keep tickets in this store [default: TACK_TICKETS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l ca-file -d 'Trust the CAs in this file, in PEM, instead of the system\'s' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l connect -d 'Connect to this address or host instead, under HOST\'s name' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l listen -d 'Pass on connections to this local address; port 0 is any that is free' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l proof -d 'How servers prove' -r -f -a "rfc\t'As in RFC 8672'
draft04\t'As in draft-sheffer-tls-pinning-ticket-04'"
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l timeout -d 'The time for a connection and its handshake: from 1s to 1h' -r
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -l insecure -d 'Do not look at the certificate\'s chain and name; the ticket is still proved'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from list" -l tickets -d 'The ticket store [default: TACK_TICKETS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document: an array of objects with name, protocol, port, received, expires and valid'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from forget" -l tickets -d 'The ticket store [default: TACK_TICKETS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from forget" -l json -d 'Print one JSON document: an object with the number of tickets that are "forgotten"'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from import" -l tickets -d 'The ticket store [default: TACK_TICKETS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from import" -l json -d 'Print one JSON document: an object with the numbers of tickets "added", "changed", "unchanged" and "expired"'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from export" -l tickets -d 'The ticket store [default: TACK_TICKETS]' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file, with mode 0600, instead of to standard output' -r -F
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand ticket; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
