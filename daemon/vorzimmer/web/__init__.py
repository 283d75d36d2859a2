"""Pages for people, on loopback; a reverse proxy brings them to the outside, with TLS and whoever may see them."""
