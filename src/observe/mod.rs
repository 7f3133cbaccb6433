//! What is only read: containers' stats, one engine stream a container however many watch.
