"""Sign-in by an identity provider of the clinic's own choice: OpenID Connect, the part of the relying party.

Nothing here knows the record. `Settings` says whom to trust, `Provider` brings a browser there and checks what comes
back; who that is in the clinic is decided in `tracker.clinic`. This is the only place of the program that opens a
connection to the outside, and it does so only if the settings name a provider.
"""
