"""What the daemon tells about itself: numbers for Prometheus, and whether it is ready. It knows no person's number."""
