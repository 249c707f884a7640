"""What every part of the platform stands on: settings, the clock and its months, content versions.

Belongs here: what is true of the installation rather than of the economy. Nothing here imports another part of the
package but its errors.
"""
