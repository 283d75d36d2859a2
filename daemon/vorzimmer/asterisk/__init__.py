"""The wire to Asterisk (ARI, AMI); knows nothing of the business."""
