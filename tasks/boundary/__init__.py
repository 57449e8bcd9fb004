"""What comes from outside, made safe to print, link and name files after; what people read."""
