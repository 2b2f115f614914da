"""What tests share: stand-ins for services, checkouts and homes to work in, and readers of what was recorded."""
