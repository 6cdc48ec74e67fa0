"""Raw networks: the U-Net, the autoencoders, the classifier and the linear probe."""
