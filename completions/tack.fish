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
complete -c tack -n "__fish_tack_needs_command" -f -a "simulate" -d 'Try a rollout before it happens: show what clients of every habit would see of it'
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
complete -c tack -n "__fish_tack_using_subcommand simulate" -l days -d 'Go on for so many days, whatever PLAN says' -r
complete -c tack -n "__fish_tack_using_subcommand simulate" -l json -d 'Print one JSON document'
complete -c tack -n "__fish_tack_using_subcommand simulate" -s v -l verbose -d 'Say on standard error what is made'
complete -c tack -n "__fish_tack_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tack -n "__fish_tack_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
